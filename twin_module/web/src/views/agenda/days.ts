/** Days as JSCalendar writes them, "2026-11-30", and the weeks and months that they stand in. Pure. */

import { localDateTime } from '../../dates'

export type Day = string

/** What the page goes to; others may have written what they like. */
export const FIRST_DAY: Day = '1900-01-01'
export const LAST_DAY: Day = '9999-12-31'

const DAY_MS = 86_400_000
const WEEK = 7
const FORM = /^\d{4}-\d\d-\d\d$/

/** Tells whether a calendar has this day. */
export function isDay(text: string): boolean {
  if (!FORM.test(text) || text < FIRST_DAY) return false
  const at = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(at) && written(at) === text
}

export function dayOf(date: Date): Day {
  return localDateTime(date).slice(0, FIRST_DAY.length)
}

/** Returns when a day begins where the person is. */
export function startOf(day: Day): Date {
  const [year, month, date] = parts(day)
  return new Date(year, month - 1, date)
}

/** Returns a time at which all zones agree that it is this day, to name it by. */
export function noonOf(day: Day): Date {
  const [year, month, date] = parts(day)
  return new Date(year, month - 1, date, 12)
}

/** Returns the day so many days later; behind the last one there is none. */
export function plusDays(day: Day, count: number): Day {
  return bounded(utc(day) + count * DAY_MS)
}

/** Returns the same day of another month, or that month's last one. */
export function plusMonths(day: Day, count: number): Day {
  const [year, month, date] = parts(day)
  const last = new Date(Date.UTC(year, month + count, 0)).getUTCDate()
  return bounded(Date.UTC(year, month - 1 + count, Math.min(date, last)))
}

/** Returns how many days later another day is. */
export function daysFrom(from: Day, to: Day): number {
  return Math.round((utc(to) - utc(from)) / DAY_MS)
}

/** Returns the week that a day is in; `first` is the weekday that weeks begin with, Sunday is 0. */
export function weekOf(day: Day, first: number): Day[] {
  const start = plusDays(day, -((weekdayOf(day) - first + WEEK) % WEEK))
  return Array.from({ length: WEEK }, (_, at) => plusDays(start, at))
}

/** Returns the weeks of the month that a day is in, with the days of other months around it. */
export function monthOf(day: Day, first: number): Day[][] {
  const month = day.slice(0, 7)
  const weeks: Day[][] = []
  for (let week = weekOf(`${month}-01`, first); ; week = weekOf(plusDays(week[0]!, WEEK), first)) {
    weeks.push(week)
    if (plusDays(week[WEEK - 1]!, 1).slice(0, 7) !== month || week[WEEK - 1] === LAST_DAY) return weeks
  }
}

interface WithWeekInfo {
  weekInfo?: { firstDay: number }
  getWeekInfo?: () => { firstDay: number }
}

/** CLDR's weekData, for browsers that do not tell: everywhere else weeks begin on Monday. */
const SUNDAY =
  /^(AG|AS|BD|BR|BS|BT|BW|BZ|CA|CO|DM|DO|ET|GT|GU|HK|HN|ID|IL|IN|JM|JP|KE|KH|KR|LA|MH|MM|MO|MT|MX|MZ|NI|NP|PA|PE|PH|PK|PR|PT|PY|SA|SG|SV|TH|TT|TW|UM|US|VE|VI|WS|YE|ZA|ZW)$/
const SATURDAY = /^(AE|AF|BH|DJ|DZ|EG|IQ|IR|JO|KW|LY|OM|QA|SD|SY)$/

/** Returns the weekday that weeks begin with where a locale is spoken; Sunday is 0. */
export function firstWeekday(tag: string, locale: Intl.Locale & WithWeekInfo = new Intl.Locale(tag)): number {
  const told = locale.getWeekInfo?.() ?? locale.weekInfo
  if (told !== undefined) return told.firstDay % WEEK
  const region = locale.maximize().region ?? ''
  return SUNDAY.test(region) ? 0 : SATURDAY.test(region) ? 6 : 1
}

/** Returns which day of the week it is; Sunday is 0. */
export function weekdayOf(day: Day): number {
  return new Date(utc(day)).getUTCDay()
}

function parts(day: Day): [number, number, number] {
  return day.split('-').map(Number) as [number, number, number]
}

function utc(day: Day): number {
  const [year, month, date] = parts(day)
  return Date.UTC(year, month - 1, date)
}

function bounded(ms: number): Day {
  return written(Math.min(Math.max(ms, utc(FIRST_DAY)), utc(LAST_DAY)))
}

function written(ms: number): Day {
  return new Date(ms).toISOString().slice(0, FIRST_DAY.length)
}
