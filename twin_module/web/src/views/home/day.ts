/** The parts of a day, and its ends. Pure. */

export type DayPart = 'morning' | 'afternoon' | 'evening' | 'night'

/** Returns which part of the day it is where the person is. */
export function dayPart(now: Date): DayPart {
  const hour = now.getHours()
  if (hour < 5) return 'night'
  if (hour < 12) return 'morning'
  return hour < 18 ? 'afternoon' : 'evening'
}

/** Clocks of two zones differ by 26 hours at most: UTC+14 and UTC-12. */
export const FARTHEST_HOURS = 26

/**
 * Returns a local time that nothing due today is later than, in whatever zone it was written.
 *
 * What is due is written as local time with a zone beside it, so the twin can compare it only roughly.
 */
export function afterToday(now: Date): Date {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1, FARTHEST_HOURS)
}
