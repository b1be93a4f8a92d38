/** A choice of days of the week. */

import { WEEKDAYS, type Weekday } from './repeat'
import { shortWeekday, weekdaySaid } from './repeat-words'

interface WeekdaysFieldProps {
  label: string
  hint?: string
  days: readonly Weekday[]
  onDays: (days: readonly Weekday[]) => void
}

export function WeekdaysField({ label, hint, days, onDays }: WeekdaysFieldProps) {
  return (
    <fieldset class="weekdays-choice">
      <legend class="label">{label}</legend>
      <div class="row wrap">
        {WEEKDAYS.map((day) => (
          <button
            key={day}
            type="button"
            aria-pressed={days.includes(day)}
            onClick={() => onDays(WEEKDAYS.filter((each) => days.includes(each) !== (each === day)))}
          >
            <span aria-hidden="true">{shortWeekday(day)}</span>
            <span class="hidden-text">{weekdaySaid(day)}</span>
          </button>
        ))}
      </div>
      {hint !== undefined && <span class="hint soft small">{hint}</span>}
    </fieldset>
  )
}
