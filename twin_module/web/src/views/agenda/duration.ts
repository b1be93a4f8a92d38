/** JSCalendar's Duration (RFC 8984, section 1.4.6). Pure. */

/** Days are counted on the calendar, and may have 23 or 25 hours; the rest is exact. */
export interface Duration {
  days: number
  ms: number
}

const FORM = /^P(?:(\d{1,6})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})(?:\.\d+)?S)?)?$/
const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

/** Reads a duration; what is none lasts no time at all, as one that is absent does. */
export function durationOf(text: unknown): Duration {
  const found = typeof text === 'string' ? FORM.exec(text) : null
  const [weeks, days, hours, minutes, seconds] = (found ?? []).slice(1).map((part) => Number(part ?? 0))
  return {
    days: (weeks ?? 0) * 7 + (days ?? 0),
    ms: (hours ?? 0) * HOUR_MS + (minutes ?? 0) * MINUTE_MS + (seconds ?? 0) * 1000,
  }
}

export function writtenDays(days: number): string {
  return `P${days}D`
}

/** Writes so much time in hours, which a change of clocks does not make longer or shorter. */
export function writtenTime(ms: number): string {
  const minutes = Math.round(ms / MINUTE_MS)
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60]
  if (minutes <= 0) return 'PT0S'
  return `PT${hours > 0 ? `${hours}H` : ''}${rest > 0 ? `${rest}M` : ''}`
}
