/** When something is, as people say it in their language. */

import { fully, timeOfDay, wholeDay } from '../../dates'
import { currentLocale, t } from '../../texts/texts'
import type { Shown } from './address'
import { noonOf, plusDays, type Day } from './days'
import type { Entry } from './entry'
import type { Occurrence } from './occurrence'

const format = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat(currentLocale(), options)

/** Returns a day with its weekday and year. */
export function fullDay(day: Day): string {
  return wholeDay(noonOf(day))
}

export function weekdayName(day: Day, weekday: 'long' | 'short'): string {
  return format({ weekday }).format(noonOf(day))
}

/** Returns the number of a day in its month; the first one names its month as well. */
export function dayNumber(day: Day): string {
  const first = day.endsWith('-01')
  return format(first ? { day: 'numeric', month: 'short' } : { day: 'numeric' }).format(noonOf(day))
}

export function hourName(hour: number): string {
  return format({ hour: 'numeric' }).format(new Date(2000, 0, 1, hour))
}

/** Returns what the days that are shown are called. */
export function periodName({ view, day }: Shown, days: readonly Day[]): string {
  if (view === 'day') return fullDay(day)
  if (view === 'month') return format({ month: 'long', year: 'numeric' }).format(noonOf(day))
  return between(days[0]!, days[days.length - 1]!, { day: 'numeric', month: 'long', year: 'numeric' })
}

/** Returns when something is, in full. */
export function whenFully(entry: Entry): string {
  if (entry.wholeDay) return between(entry.first, entry.last, { dateStyle: 'full' })
  const [start, end] = [new Date(entry.start), new Date(entry.end)]
  if (entry.end <= entry.start) return fully(start)
  return format({ dateStyle: 'full', timeStyle: 'short' }).formatRange(start, end)
}

/** Returns when an event is, as the twin places it. */
export function occurrenceSaid({ start, end, local_start, local_end, content }: Occurrence): string {
  if (content.showWithoutTime === true) {
    return between(local_start.slice(0, 10), plusDays(local_end.slice(0, 10), -1), { dateStyle: 'full' })
  }
  const [from, to] = [new Date(start), new Date(end)]
  return to > from ? format({ dateStyle: 'full', timeStyle: 'short' }).formatRange(from, to) : fully(from)
}

/** Returns when something is on one of its days. */
export function whenOn(entry: Entry, day: Day): string {
  const [begins, ends] = [entry.first === day, entry.last === day]
  if (entry.wholeDay || !(begins || ends)) return t('agenda.whole-day')
  const [start, end] = [new Date(entry.start), new Date(entry.end)]
  if (!ends) return t('agenda.from', { time: timeOfDay(start) })
  if (!begins) return t('agenda.until', { time: timeOfDay(end) })
  return entry.end > entry.start ? format({ timeStyle: 'short' }).formatRange(start, end) : timeOfDay(start)
}

function between(first: Day, last: Day, options: Intl.DateTimeFormatOptions): string {
  return format(options).formatRange(noonOf(first), noonOf(last))
}
