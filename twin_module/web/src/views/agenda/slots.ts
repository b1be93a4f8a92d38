/** When several people are free, as their twins tell it: what is asked, and what is answered. Pure. */

import type { Day } from './days'
import { WEEKDAYS, type Weekday } from './repeat'

export interface Asked {
  people: readonly string[]
  circle: string
  /** How long it takes, in minutes. */
  minutes: number
  first: Day
  last: Day
  weekdays: readonly Weekday[]
  /** "09:00", as `until`. */
  from: string
  until: string
}

export interface Slot {
  /** In UTC, as `end`. */
  start: string
  end: string
  /** As a clock in the reader's zone shows it. */
  local_start: string
  free: string[]
}

export interface Told {
  state: 'known' | 'unknown' | 'refused'
  /** A sentence, where it is not known. */
  reason?: string
}

export interface Found {
  slots: Slot[]
  people: { [user: string]: Told }
}

export const MOST_PEOPLE = 20
export const MOST_DAYS = 92
const MOST_SLOTS = 60
/** As whoever works on weekdays has it. */
export const USUAL: Pick<Asked, 'weekdays' | 'from' | 'until'> = {
  weekdays: ['mo', 'tu', 'we', 'th', 'fr'],
  from: '09:00',
  until: '18:00',
}

/** Returns the question as the API has it; `dayBehind` is the one after the last. */
export function question(asked: Asked, zone: string, dayBehind: Day): object {
  const { people, circle, minutes, first, weekdays, from, until } = asked
  return {
    people,
    ...(circle === '' ? {} : { circle }),
    duration: `PT${minutes}M`,
    after: `${first}T00:00:00`,
    before: `${dayBehind}T00:00:00`,
    time_zone: zone,
    day_from: from,
    // Midnight is the end of the day here, not of the one before.
    day_until: until === '00:00' ? '24:00' : until,
    ...(weekdays.length === 0 || weekdays.length === WEEKDAYS.length ? {} : { weekdays }),
    limit: MOST_SLOTS,
  }
}

/** Returns slots by their day, in order. */
export function byDay(slots: readonly Slot[]): [Day, Slot[]][] {
  const days = new Map<Day, Slot[]>()
  for (const slot of slots) {
    const day = slot.local_start.slice(0, 10)
    const there = days.get(day)
    if (there === undefined) days.set(day, [slot])
    else there.push(slot)
  }
  return [...days]
}

/** Returns of whom it is not known when they are busy, with the reason. */
export function unknown(found: Found): [string, Told][] {
  return Object.entries(found.people).filter(([, told]) => told.state !== 'known')
}
