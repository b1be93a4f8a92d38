/** Times as people read them, in their locale and time zone. */

import { currentLocale, t } from './texts/texts'

const DAY_MS = 86_400_000
/** Clocks differ by so much; whose is further ahead has none that can be believed. */
const AHEAD_MINUTES = 60

/** Returns when something was: "5 minutes ago", "yesterday", then the date; what no calendar has is said to be unknown. */
export function ago(ms: number, now: number = Date.now()): string {
  if (!isTime(new Date(ms))) return t('time.unknown')
  const relative = new Intl.RelativeTimeFormat(currentLocale(), { numeric: 'auto' })
  const minutes = Math.round((ms - now) / 60_000)
  if (minutes > AHEAD_MINUTES) return day(new Date(ms), new Date(now))
  if (minutes > -1) return t('time.now')
  if (minutes > -60) return relative.format(minutes, 'minute')
  const days = daysBetween(new Date(now), new Date(ms))
  if (days === 0) return relative.format(Math.round(minutes / 60), 'hour')
  if (days > -7) return relative.format(days, 'day')
  return day(new Date(ms), new Date(now))
}

/** Returns a date and time in full. */
export function fully(date: Date): string {
  if (!isTime(date)) return t('time.unknown')
  return new Intl.DateTimeFormat(currentLocale(), { dateStyle: 'full', timeStyle: 'short' }).format(date)
}

/** Tells whether a calendar has a time: servers of others may send any number. */
function isTime(date: Date): boolean {
  return !Number.isNaN(date.getTime())
}

/** Returns a day with its weekday and year. */
export function wholeDay(date: Date): string {
  return new Intl.DateTimeFormat(currentLocale(), { dateStyle: 'full' }).format(date)
}

/** Returns a date, with its year where that is not this year's. */
export function day(date: Date, now: Date = new Date()): string {
  const sameYear = date.getFullYear() === now.getFullYear()
  return new Intl.DateTimeFormat(currentLocale(), {
    day: 'numeric',
    month: 'short',
    ...(sameYear ? {} : { year: 'numeric' }),
  }).format(date)
}

/** Returns the time of day. */
export function timeOfDay(date: Date): string {
  return new Intl.DateTimeFormat(currentLocale(), { timeStyle: 'short' }).format(date)
}

/** Returns how many calendar days lie between two times, where the person is. */
export function daysBetween(from: Date, to: Date): number {
  const start = (date: Date): number => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate())
  return Math.round((start(to) - start(from)) / DAY_MS)
}

/** Returns a day as people say it: "today", "tomorrow", "Friday", then the date. */
export function dayName(date: Date, now: Date = new Date()): string {
  const days = daysBetween(now, date)
  if (Math.abs(days) <= 1) return new Intl.RelativeTimeFormat(currentLocale(), { numeric: 'auto' }).format(days, 'day')
  if (days > 1 && days < 7) return new Intl.DateTimeFormat(currentLocale(), { weekday: 'long' }).format(date)
  return day(date, now)
}

/** Returns the instant that a local time in a zone means (JSCalendar's LocalDateTime and timeZone). */
export function instant(local: string, zone: string | null | undefined): Date | undefined {
  const parts = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)$/.exec(local)
  if (parts === null) return undefined
  const [year, month, date, hour, minute, second] = parts.slice(1).map(Number) as [number, number, number, number, number, number]
  if (!zone) return new Date(year, month - 1, date, hour, minute, second)
  const wall = Date.UTC(year, month - 1, date, hour, minute, second)
  try {
    // When clocks change, a local time comes twice or never: then the clock before counts, as it does for `new Date`.
    const before = wall - offset(wall - DAY_MS, zone)
    const after = wall - offset(wall + DAY_MS, zone)
    const fits = (ms: number): boolean => ms + offset(ms, zone) === wall
    return new Date(before === after || fits(before) || !fits(after) ? before : after)
  } catch {
    return undefined // no browser knows the zone
  }
}

/** Returns the local time of an instant, as JSCalendar writes it, where the person is. */
export function localDateTime(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  const days = `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${days}T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

/** Returns the local time of an instant in a zone, or undefined where no browser knows the zone. */
export function localDateTimeIn(date: Date, zone: string): string | undefined {
  try {
    return new Date(date.getTime() + offset(date.getTime(), zone)).toISOString().slice(0, 19)
  } catch {
    return undefined
  }
}

/** Returns an instant as JSCalendar's UTCDateTime. */
export function utcDateTime(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`
}

export const here = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone

/** Clocks of zones: one takes longer to make than to read a hundred times, and a list may hold thousands of times. */
const clocks = new Map<string, Intl.DateTimeFormat>()

function clock(zone: string): Intl.DateTimeFormat {
  const known = clocks.get(zone)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  clocks.set(zone, made)
  return made
}

function offset(ms: number, zone: string): number {
  const parts = clock(zone).formatToParts(new Date(ms))
  const read = (type: string): number => Number(parts.find((part) => part.type === type)?.value)
  const wall = Date.UTC(read('year'), read('month') - 1, read('day'), read('hour'), read('minute'), read('second'))
  return wall - Math.floor(ms / 1000) * 1000
}
