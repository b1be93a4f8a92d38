/** How often something comes again, as people say it. */

import { wholeDay } from '../../dates'
import { currentLocale, t } from '../../texts/texts'
import { noonOf, weekdayOf, type Day } from './days'
import { repeatOf, WEEKDAYS, type Rule, type Weekday } from './repeat'
import type { Content } from '../../twin/types'

/** A Monday. */
const MONDAY = Date.UTC(2024, 0, 1, 12)
const DAY_MS = 86_400_000

export function weekdaySaid(day: Weekday): string {
  return named(day, 'long')
}

export function shortWeekday(day: Weekday): string {
  return named(day, 'short')
}

function named(day: Weekday, weekday: 'long' | 'short'): string {
  const date = new Date(MONDAY + WEEKDAYS.indexOf(day) * DAY_MS)
  return new Intl.DateTimeFormat(currentLocale(), { weekday, timeZone: 'UTC' }).format(date)
}

/** Returns how often a series comes, of which one time is on a day. */
export function repeatSaid(series: Content, day: Day): string {
  const repeat = repeatOf(series)
  if (typeof repeat === 'string') return t('agenda.repeats.otherwise')
  return [often(repeat, day), ending(repeat)].filter((each) => each !== '').join(', ')
}

function often({ frequency, interval, days }: Rule, day: Day): string {
  const said = t(`agenda.repeats.${frequency}`, { interval })
  if (frequency !== 'weekly') return said
  const on = days.length > 0 ? days : [WEEKDAYS[(weekdayOf(day) + 6) % 7]!]
  const list = new Intl.ListFormat(currentLocale(), { type: 'conjunction' }).format(on.map(weekdaySaid))
  return t('agenda.repeats.on', { often: said, days: list })
}

function ending({ end }: Rule): string {
  if (end === undefined) return ''
  return 'until' in end
    ? t('agenda.repeats.until', { day: wholeDay(noonOf(end.until)) })
    : t('agenda.repeats.count', { count: end.count })
}
