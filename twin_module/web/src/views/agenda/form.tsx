/** The form of an event: what, when, where, and in which collection. */

import { useEffect, useRef, useState } from 'preact/hooks'
import { here } from '../../dates'
import { Field, Form, text } from '../../parts/form'
import { t } from '../../texts/texts'
import { LONGEST_TITLE } from '../tasks/quick-add'
import { RoomOptions } from '../tasks/rooms'
import { FIRST_DAY, isDay, LAST_DAY, type Day } from './days'
import { lasting, movedTo, type Draft, type Times } from './draft'
import type { CalendarEvent } from './event'

const LONGEST_PLACE = 1000
const LONGEST_DESCRIPTION = 20_000

interface EventFormProps {
  submit: string
  draft: Draft
  times: Times
  /** The event that is changed, if it is not a new one. */
  event?: CalendarEvent
  /** The collection that is chosen at first for a new one. */
  room?: string
  onSubmit: (draft: Draft, times: Times, room: string) => Promise<void>
  onCancel: () => void
}

export function EventForm({ submit, draft, times: given, event, room, onSubmit, onCancel }: EventFormProps) {
  const [times, setTimes] = useState(given)

  const send = (data: FormData): Promise<void> => {
    const said = { title: text(data, 'title'), place: text(data, 'place'), description: text(data, 'description') }
    return onSubmit(said, times, text(data, 'room'))
  }
  return (
    <Form submit={submit} onSubmit={send} onCancel={onCancel}>
      {event?.repeats && <p class="note">{t('agenda.repeats.change')}</p>}
      <Field label={t('agenda.field.title')}>
        {(ids) => (
          <input
            {...ids}
            name="title"
            autofocus
            required
            maxLength={LONGEST_TITLE}
            pattern=".*\S.*"
            defaultValue={draft.title}
            autocomplete="off"
          />
        )}
      </Field>
      <TimeFields times={times} onTimes={setTimes} zone={zoneHint(event)} />
      <Field label={t('agenda.field.place')}>
        {(ids) => (
          <input {...ids} name="place" maxLength={LONGEST_PLACE} defaultValue={draft.place} autocomplete="off" />
        )}
      </Field>
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
  )
}

/** Returns in which zone times are filled in, and in which one they stay written. */
function zoneHint(event: CalendarEvent | undefined): string {
  const named = (zone: string): string => zone.replaceAll('_', ' ')
  if (event?.zone === undefined || event.zone === here()) return t('agenda.field.zone', { zone: named(here()) })
  const zones = { zone: named(here()), other: named(event.zone) }
  return event.zoneKnown ? t('agenda.field.zone-kept', zones) : t('agenda.zone-unknown', { zone: zones.other })
}

interface TimeFieldsProps {
  times: Times
  onTimes: (times: Times) => void
  zone: string
}

function TimeFields({ times, onTimes, zone }: TimeFieldsProps) {
  const { wholeDay } = times
  const backwards = isDay(times.startDay) && isDay(times.endDay) && lasting(times) < 0
  return (
    <fieldset class="times">
      <legend class="hidden-text">{t('agenda.field.when')}</legend>
      <label class="row">
        <input
          type="checkbox"
          checked={wholeDay}
          onChange={({ currentTarget }) => onTimes({ ...times, wholeDay: currentTarget.checked })}
        />
        {t('agenda.whole-day')}
      </label>
      <Moment
        label={t('agenda.field.start')}
        day={times.startDay}
        time={wholeDay ? undefined : times.startTime}
        onDay={(startDay) => onTimes(movedTo(times, { startDay }))}
        onTime={(startTime) => onTimes(movedTo(times, { startTime }))}
      />
      <Moment
        label={t('agenda.field.end')}
        day={times.endDay}
        time={wholeDay ? undefined : times.endTime}
        onDay={(endDay) => onTimes({ ...times, endDay })}
        onTime={(endTime) => onTimes({ ...times, endTime })}
        problem={backwards ? t('agenda.field.end-before') : ''}
      />
      {!wholeDay && <span class="hint soft small">{zone}</span>}
    </fieldset>
  )
}

interface MomentProps {
  label: string
  day: Day
  /** Absent where only the day matters. */
  time: string | undefined
  onDay: (day: Day) => void
  onTime: (time: string) => void
  /** What is wrong with it, for the browser to say when the form is sent. */
  problem?: string
}

function Moment({ label, day, time, onDay, onTime, problem = '' }: MomentProps) {
  const date = useRef<HTMLInputElement>(null)
  useEffect(() => date.current?.setCustomValidity(problem), [problem])
  return (
    <div class="field" role="group" aria-label={label}>
      <span class="label" aria-hidden="true">
        {label}
      </span>
      <div class="due-fields">
        <input
          ref={date}
          type="date"
          required
          aria-label={t('agenda.field.day-of', { label })}
          value={day}
          min={FIRST_DAY}
          max={LAST_DAY}
          onInput={({ currentTarget }) => onDay(currentTarget.value)}
        />
        {time !== undefined && (
          <input
            type="time"
            required
            aria-label={t('agenda.field.time-of', { label })}
            value={time}
            onInput={({ currentTarget }) => onTime(currentTarget.value)}
          />
        )}
      </div>
    </div>
  )
}
