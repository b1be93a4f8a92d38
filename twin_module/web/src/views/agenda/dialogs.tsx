/** What opens over the agenda: an event, all of a day, and the forms. */

import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { here } from '../../dates'
import { Dialog } from '../../parts/dialog'
import { Form } from '../../parts/form'
import { clean } from '../../parts/names'
import { t } from '../../texts/texts'
import { Refused } from '../../twin/api'
import { keyOf } from '../../twin/shelf'
import { twin } from '../../twin/twin'
import type { Place } from '../../twin/types'
import { focusSoon, writableRooms } from '../tasks/acts'
import { cancel, change, invite, make, remove } from './acts'
import { conflicting } from './conflicts'
import type { Day } from './days'
import { draftOf, newTimes, NOTHING, timesOf } from './draft'
import { DayList } from './entries'
import { touching, type Entry } from './entry'
import { eventOf, isSeries, type CalendarEvent } from './event'
import { EventForm } from './form'
import { dayCell } from './grid'
import { GuestsField, hasUntaken, isNobody, NOBODY } from './guests-field'
import { OneEvent } from './one-event'
import { over, type At, type Doing, type Over } from './over'
import { ScopeField, scopesOf } from './scope'
import { fullDay } from './words'

interface DialogsProps {
  over: Over | undefined
  onOver: (over: Over | undefined) => void
  entries: readonly Entry[]
  now: Date
  /** The collection that is chosen at first for what is new. */
  roomId?: string | undefined
  onMade: (day: Day) => void
}

/** Shows one thing at a time; when the last one closes, the focus goes back to where it came from. */
export function Dialogs({ over: shown, onOver, entries, now, roomId, onMade }: DialogsProps) {
  const origin = useRef<Element | null>(null)
  const open = shown !== undefined
  if (open && origin.current === null) origin.current = document.activeElement
  useEffect(() => {
    if (open) return
    const from = origin.current
    origin.current = null
    if (from !== null) focusSoon(() => (from.isConnected && from !== document.body ? from : dayCell()))
  }, [open])
  const close = (): void => onOver(undefined)

  if (shown === undefined) return null
  if ('make' in shown) {
    const { make: day, minute } = shown
    return <Make key={day} day={day} minute={minute} now={now} roomId={roomId} onMade={onMade} onClose={close} />
  }
  if ('day' in shown) {
    return (
      <Dialog key={shown.day} title={fullDay(shown.day)} onClose={close}>
        <DayList
          entries={touching(entries, shown.day, shown.day)}
          day={shown.day}
          conflicts={conflicting(entries)}
          onOpen={({ event }) => event && onOver(over(event))}
        />
      </Dialog>
    )
  }
  const { at, doing } = shown
  return (
    <WithEvent key={`${keyOf(at.place)} ${at.recurrenceId} ${doing}`} at={at} entries={entries} onGone={close}>
      {(event) => {
        const to = (next: Doing): void => onOver(over(event, next))
        switch (doing) {
          case 'see':
            return (
              <OneEvent
                event={event}
                entries={entries}
                onClose={close}
                onChange={() => to('change')}
                onInvite={() => to('invite')}
                onCancel={() => to('cancel')}
                onRemove={() => {
                  if (event.recurrenceId !== undefined) return to('remove')
                  close()
                  void remove(event, 'all')
                }}
              />
            )
          case 'change':
            return <Change event={event} now={now} onClose={close} />
          case 'invite':
            return (
              <Invite
                event={event}
                onDone={(place) => onOver({ at: { ...at, place }, doing: 'see' })}
                onClose={() => to('see')}
              />
            )
          default:
            return <End event={event} doing={doing} onDone={close} onClose={() => to('see')} />
        }
      }}
    </WithEvent>
  )
}

interface WithEventProps {
  at: At
  entries: readonly Entry[]
  onGone: () => void
  children: (event: CalendarEvent) => ComponentChildren
}

/** Shows an event as it is now; nothing once somebody has removed it. */
function WithEvent({ at, entries, onGone, children }: WithEventProps) {
  const { place, recurrenceId } = at
  const object = twin.object(place)
  const key = object && keyOf(object)
  const found = entries.find(
    ({ event }) => event && keyOf(event.object) === key && (event.recurrenceId === recurrenceId || !event.repeats),
  )?.event
  const last = useRef<CalendarEvent>()
  // A change may bring it elsewhere in the agenda, and the twin may not have told yet where: it is still there.
  const event = found ?? (object && (isSeries(object.content) ? last.current : eventOf(object)))
  last.current = event
  const gone = event === undefined && object === undefined
  useEffect(() => {
    if (gone) onGone()
  }, [gone])
  return event === undefined ? null : <>{children(event)}</>
}

interface MakeProps {
  day: Day
  minute: number | undefined
  now: Date
  roomId: string | undefined
  onMade: (day: Day) => void
  onClose: () => void
}

const LAST_ROOM = 'twin-agenda-room'

function Make({ day, minute, now, roomId, onMade, onClose }: MakeProps) {
  const [times] = useState(() => newTimes(day, now, here(), minute))
  const rooms = Object.values(writableRooms()).flat()
  const wanted = roomId ?? localStorage.getItem(LAST_ROOM)
  const room = rooms.find(({ room_id }) => room_id === wanted) ?? rooms[0]
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
          now={now}
          onSubmit={async ({ draft, times: chosen, room: into, guests }) => {
            localStorage.setItem(LAST_ROOM, into)
            await make(into, draft, chosen, guests)
            onClose()
            onMade(chosen.startDay)
          }}
          onCancel={onClose}
        />
      )}
    </Dialog>
  )
}

function Change({ event, now, onClose }: { event: CalendarEvent; now: Date; onClose: () => void }) {
  // As it was when the form opened: what others change meanwhile stays, unless it is the same field.
  const [before] = useState(event)
  return (
    <Dialog title={clean(before.title)} onClose={onClose}>
      <EventForm
        submit={t('save')}
        draft={draftOf(before, before.object.content)}
        times={timesOf(before, here())}
        event={before}
        now={now}
        onSubmit={async ({ draft, times, scope }) => {
          await change(before, draft, times, scope)
          onClose()
        }}
        onCancel={onClose}
      />
    </Dialog>
  )
}

const MOST_GUESTS = 100

interface InviteProps {
  event: CalendarEvent
  onDone: (place: Place) => void
  onClose: () => void
}

function Invite({ event, onDone, onClose }: InviteProps) {
  const [guests, setGuests] = useState(NOBODY)
  async function send(data: FormData): Promise<void> {
    if (hasUntaken(data)) throw new Refused(400, 'M_INVALID_PARAM', t('agenda.guests.untaken'))
    if (isNobody(guests)) throw new Refused(400, 'M_MISSING_PARAM', t('agenda.guests.nobody'))
    onDone(await invite(event.object, event.title, guests))
  }
  return (
    <Dialog title={t('agenda.guests.invite-to', { title: clean(event.title) })} onClose={onClose}>
      <Form submit={t('agenda.guests.invite')} onSubmit={send} onCancel={onClose}>
        <GuestsField
          label={t('agenda.guests')}
          hint={t('agenda.guests.hint')}
          guests={guests}
          most={MOST_GUESTS}
          onGuests={setGuests}
        />
      </Form>
    </Dialog>
  )
}

interface EndProps {
  event: CalendarEvent
  doing: 'cancel' | 'remove'
  onDone: () => void
  onClose: () => void
}

/** Calls an event off or removes it, of a series what is chosen. */
function End({ event, doing, onDone, onClose }: EndProps) {
  const [scope, setScope] = useState(scopesOf(event)[0]!)
  async function end(): Promise<void> {
    await (doing === 'cancel' ? cancel : remove)(event, scope)
    onDone()
  }
  return (
    <Dialog title={t(`agenda.${doing}-this`, { title: clean(event.title) })} onClose={onClose}>
      <Form submit={t(doing === 'cancel' ? 'agenda.cancel' : 'remove')} onSubmit={end} onCancel={onClose}>
        {doing === 'cancel' && <p>{t('agenda.cancel-means')}</p>}
        {event.recurrenceId !== undefined && (
          <ScopeField event={event} scope={scope} label={t(`agenda.scope.${doing}`)} onScope={setScope} />
        )}
      </Form>
    </Dialog>
  )
}
