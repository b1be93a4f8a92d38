/** When an event is: days, times, and the zone that they are filled in for. */

import { useEffect, useRef } from 'preact/hooks'
import { here } from '../../dates'
import { currentLocale, t } from '../../texts/texts'
import { ZoneSelect } from '../settings/zone-select'
import { FIRST_DAY, isDay, LAST_DAY, type Day } from './days'
import { instants, lasting, movedTo, type Times } from './draft'

interface TimeFieldsProps {
  times: Times
  onTimes: (times: Times) => void
}

export function TimeFields({ times, onTimes }: TimeFieldsProps) {
  const { wholeDay } = times
  const backwards = isDay(times.startDay) && isDay(times.endDay) && lasting(times) < 0
  const known = times.zone === null || isKnown(times.zone)
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
      {!wholeDay && (
        <div class="field">
          <label for="event-zone">{t('agenda.field.zone')}</label>
          <ZoneSelect
            id="event-zone"
            aria-describedby="event-zone-hint"
            value={times.zone ?? ''}
            none={t('agenda.field.no-zone')}
            onZone={(zone) => onTimes({ ...times, zone: zone === '' ? null : zone })}
          />
          <span class="hint" id="event-zone-hint">
            {known ? hereHint(times) : t('agenda.zone-unknown', { zone: times.zone ?? '' })}
          </span>
        </div>
      )}
    </fieldset>
  )
}

/** Says what clocks show here, where they show something else than what is filled in. */
function hereHint(times: Times): string {
  if (times.zone === null) return t('agenda.field.no-zone-hint')
  const spell = instants(times)
  if (times.zone === here() || spell === undefined || spell[1] < spell[0]) return t('agenda.field.zone-hint')
  const format = new Intl.DateTimeFormat(currentLocale(), { dateStyle: 'medium', timeStyle: 'short' })
  return t('agenda.field.zone-here', { when: format.formatRange(...spell) })
}

function isKnown(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }) !== undefined
  } catch {
    return false
  }
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
