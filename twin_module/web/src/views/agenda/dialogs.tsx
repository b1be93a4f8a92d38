/** What opens over the agenda: an event, all of a day, and the forms. */

import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Dialog } from '../../parts/dialog'
import { clean } from '../../parts/names'
import { t } from '../../texts/texts'
import { keyOf } from '../../twin/shelf'
import { twin } from '../../twin/twin'
import type { Place } from '../../twin/types'
import { focusSoon, writableRooms } from '../tasks/acts'
import { change, make, remove } from './acts'
import type { Day } from './days'
import { draftOf, newTimes, timesOf } from './draft'
import { DayList } from './entries'
import { touching, type Entry } from './entry'
import { eventOf, type CalendarEvent } from './event'
import { EventForm } from './form'
import { dayCell } from './grid'
import { OneEvent } from './one-event'
import { fullDay } from './words'

export type Over = { event: Place } | { change: Place } | { day: Day } | { make: Day; minute?: number | undefined }

interface DialogsProps {
  over: Over | undefined
  onOver: (over: Over | undefined) => void
  entries: readonly Entry[]
  now: Date
  onMade: (day: Day) => void
}

/** Shows one thing at a time; when the last one closes, the focus goes back to where it came from. */
export function Dialogs({ over, onOver, entries, now, onMade }: DialogsProps) {
  const origin = useRef<Element | null>(null)
  const open = over !== undefined
  if (open && origin.current === null) origin.current = document.activeElement
  useEffect(() => {
    if (open) return
    const from = origin.current
    origin.current = null
    if (from !== null) focusSoon(() => (from.isConnected && from !== document.body ? from : dayCell()))
  }, [open])
  const close = (): void => onOver(undefined)

  if (over === undefined) return null
  if ('make' in over) {
    return <Make key={over.make} day={over.make} minute={over.minute} now={now} onMade={onMade} onClose={close} />
  }
  if ('day' in over) {
    return (
      <Dialog key={over.day} title={fullDay(over.day)} onClose={close}>
        <DayList
          entries={touching(entries, over.day, over.day)}
          day={over.day}
          onOpen={({ event }) => event && onOver({ event: event.object })}
        />
      </Dialog>
    )
  }
  const place = 'event' in over ? over.event : over.change
  return (
    <WithEvent key={`${keyOf(place)} ${'event' in over}`} place={place} onGone={close}>
      {(event) =>
        'event' in over ? (
          <OneEvent
            event={event}
            onClose={close}
            onChange={() => onOver({ change: place })}
            onRemove={() => {
              close()
              remove(event)
            }}
          />
        ) : (
          <Change event={event} onClose={close} />
        )
      }
    </WithEvent>
  )
}

interface WithEventProps {
  place: Place
  onGone: () => void
  children: (event: CalendarEvent) => ComponentChildren
}

/** Shows an event as it is now; nothing once somebody has removed it. */
function WithEvent({ place, onGone, children }: WithEventProps) {
  const object = twin.object(place)
  const event = object && eventOf(object)
  useEffect(() => {
    if (event === undefined) onGone()
  }, [event === undefined])
  return event === undefined ? null : <>{children(event)}</>
}

interface MakeProps {
  day: Day
  minute: number | undefined
  now: Date
  onMade: (day: Day) => void
  onClose: () => void
}

const LAST_ROOM = 'twin-agenda-room'
const NOTHING = { title: '', place: '', description: '' }

function Make({ day, minute, now, onMade, onClose }: MakeProps) {
  const [times] = useState(() => newTimes(day, now, minute))
  const rooms = Object.values(writableRooms()).flat()
  const last = localStorage.getItem(LAST_ROOM)
  const room = rooms.find(({ room_id }) => room_id === last) ?? rooms[0]
  return (
    <Dialog title={t('agenda.new')} onClose={onClose}>
      {room === undefined ? (
        <p class="note">{t('tasks.no-room')}</p>
      ) : (
        <EventForm
          submit={t('create')}
          draft={NOTHING}
          times={times}
          room={room.room_id}
          onSubmit={async (draft, chosen, into) => {
            await make(into, draft, chosen)
            localStorage.setItem(LAST_ROOM, into)
            onClose()
            onMade(chosen.startDay)
          }}
          onCancel={onClose}
        />
      )}
    </Dialog>
  )
}

function Change({ event, onClose }: { event: CalendarEvent; onClose: () => void }) {
  // As it was when the form opened: what others change meanwhile stays, unless it is the same field.
  const [before] = useState(event)
  return (
    <Dialog title={clean(before.title)} onClose={onClose}>
      <EventForm
        submit={t('save')}
        draft={draftOf(before.object)}
        times={timesOf(before)}
        event={before}
        onSubmit={async (draft, times) => {
          await change(before, draft, times)
          onClose()
        }}
        onCancel={onClose}
      />
    </Dialog>
  )
}
