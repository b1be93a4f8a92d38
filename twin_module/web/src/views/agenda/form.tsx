/** The form of an event: what, when, how often, where, with whom, and in which collection. */

import { useRef, useState } from 'preact/hooks'
import { CalendarSearch } from 'lucide-preact'
import { here } from '../../dates'
import { Field, Form, text } from '../../parts/form'
import { Icon } from '../../parts/icons'
import { t } from '../../texts/texts'
import { Refused } from '../../twin/api'
import { twin } from '../../twin/twin'
import { focusSoon } from '../tasks/acts'
import { LONGEST_TITLE } from '../tasks/quick-add'
import { RoomOptions } from '../tasks/rooms'
import { AlertsField } from './alerts-field'
import { dayOf } from './days'
import { between, instants, type Draft, type Times } from './draft'
import { guestsOf } from './details'
import type { CalendarEvent } from './event'
import { FindTime } from './find-time'
import { GuestsField, hasUntaken, NOBODY, type Guests } from './guests-field'
import { RepeatField } from './repeat-field'
import { ScopeField, scopesOf, type Scope } from './scope'
import { MOST_PEOPLE } from './slots'
import { TimeFields } from './time-fields'

const LONGEST_PLACE = 1000
const LONGEST_DESCRIPTION = 20_000
const MOST_GUESTS = 100
const HOUR_MINUTES = 60

export interface Filled {
  draft: Draft
  times: Times
  /** The collection of a new one. */
  room: string
  guests: Guests
  scope: Scope
}

interface EventFormProps {
  submit: string
  draft: Draft
  times: Times
  /** The event that is changed, if it is not a new one. */
  event?: CalendarEvent
  /** The collection that is chosen at first for a new one. */
  room?: string
  now: Date
  onSubmit: (filled: Filled) => Promise<void>
  onCancel: () => void
}

export function EventForm({ submit, draft, times: given, event, room, now, onSubmit, onCancel }: EventFormProps) {
  const [times, setTimes] = useState(given)
  const [busy, setBusy] = useState<boolean>()
  const [alerts, setAlerts] = useState(draft.alerts)
  const [repeat, setRepeat] = useState(draft.repeat)
  const [guests, setGuests] = useState(() => (event === undefined ? NOBODY : guestsIn(event)))
  const [scope, setScope] = useState<Scope>(event === undefined ? 'all' : scopesOf(event)[0]!)
  const [finding, setFinding] = useState(false)
  const finder = useRef<HTMLButtonElement>(null)
  const endFinding = (): void => {
    setFinding(false)
    focusSoon(() => finder.current, true)
  }
  const isNew = event === undefined
  // Few whole days are all taken: a birthday is none, unless somebody says so.
  const takesTime = busy ?? (isNew ? !times.wholeDay : draft.busy)
  const hasGuests = event?.content.participants !== undefined

  const send = (data: FormData): Promise<void> => {
    if (hasUntaken(data)) throw new Refused(400, 'M_INVALID_PARAM', t('agenda.guests.untaken'))
    const title = text(data, 'title')
    const said = { title, place: text(data, 'place'), description: text(data, 'description') }
    const filled = { ...said, busy: takesTime, alerts, repeat }
    return onSubmit({ draft: filled, times, room: text(data, 'room'), guests, scope })
  }
  return (
    <>
      <div hidden={finding}>
        <Form submit={submit} onSubmit={async (data) => send(data)} onCancel={onCancel}>
          {event !== undefined && event.repeats && (
            <ScopeField event={event} scope={scope} label={t('agenda.scope.change')} onScope={setScope} />
          )}
          <Field label={t('agenda.field.title')}>
            {(ids) => (
              <input
                {...ids}
                name="title"
                autofocus={isNew || !event.repeats}
                required
                maxLength={LONGEST_TITLE}
                pattern=".*\S.*"
                defaultValue={draft.title}
                autocomplete="off"
              />
            )}
          </Field>
          <TimeFields times={times} onTimes={setTimes} />
          {hasGuests && <p class="hint soft small">{t('agenda.guests.asked-again')}</p>}
          <div class="actions">
            <button ref={finder} type="button" onClick={() => setFinding(true)}>
              <Icon of={CalendarSearch} />
              {t('agenda.find')}
            </button>
          </div>
          {(isNew || scope !== 'this') && <RepeatField repeat={repeat} start={times.startDay} onRepeat={setRepeat} />}
          <Field label={t('agenda.field.place')}>
            {(ids) => (
              <input {...ids} name="place" maxLength={LONGEST_PLACE} defaultValue={draft.place} autocomplete="off" />
            )}
          </Field>
          {isNew && (
            <GuestsField
              label={t('agenda.guests')}
              hint={t('agenda.guests.hint')}
              guests={guests}
              most={MOST_GUESTS}
              onGuests={setGuests}
            />
          )}
          <AlertsField alerts={alerts} wholeDay={times.wholeDay} onAlerts={setAlerts} />
          <Field label={t('agenda.field.description')}>
            {(ids) => (
              <textarea
                {...ids}
                name="description"
                maxLength={LONGEST_DESCRIPTION}
                rows={2}
                defaultValue={draft.description}
              />
            )}
          </Field>
          <label class="row check">
            <input type="checkbox" checked={takesTime} onChange={({ currentTarget }) => setBusy(currentTarget.checked)} />
            <span>
              {t('agenda.field.busy')} <span class="soft small">{t('agenda.field.busy-means')}</span>
            </span>
          </label>
          {room !== undefined && (
            <Field label={t('tasks.into')} hint={t('agenda.field.collection-hint')}>
              {(ids) => (
                <select {...ids} name="room">
                  <RoomOptions chosen={room} />
                </select>
              )}
            </Field>
          )}
        </Form>
      </div>
      {finding && (
        <FindTime
          guests={guests}
          minutes={minutesOf(times)}
          today={dayOf(now)}
          onGuests={setGuests}
          onPick={(start, end) => {
            setTimes(between(start.getTime(), end.getTime(), times.zone ?? here()))
            endFinding()
          }}
          onCancel={endFinding}
        />
      )}
    </>
  )
}

/** Returns the people of an event for whom a time may be looked for. */
function guestsIn(event: CalendarEvent): Guests {
  const ids = guestsOf(event.content).map(({ id }) => id)
  return { people: ids.filter((id) => id.startsWith('@') && id !== twin.owner.value).slice(0, MOST_PEOPLE), circle: '' }
}

function minutesOf(times: Times): number {
  const spell = times.wholeDay ? undefined : instants(times)
  const minutes = spell === undefined ? HOUR_MINUTES : Math.round((spell[1].getTime() - spell[0].getTime()) / 60_000)
  return minutes > 0 ? minutes : HOUR_MINUTES
}
