/** Entries of one day between its hours; those that overlap stand side by side. Pure. */

import type { Day } from './days'
import type { Entry } from './entry'

export interface Block {
  entry: Entry
  /** Minutes of the day, by the clock on the wall: so an hour that clocks leave out takes its place all the same. */
  from: number
  to: number
  column: number
  /** How many stand side by side where it is. */
  columns: number
}

export interface Blocks {
  shown: readonly Block[]
  /** For which there was no column. */
  more: readonly Entry[]
}

const DAY_MINUTES = 1440
/** What is shorter is drawn as long as this, so that its title can be read and pressed. */
const SHORTEST_MINUTES = 30

/** Lays entries side by side, in at most so many columns. */
export function inColumns(entries: readonly Entry[], day: Day, most: number): Blocks {
  const sorted = entries
    .map((entry) => ({ entry, ...minutesOn(entry, day) }))
    .sort((a, b) => a.from - b.from || b.to - a.to || (a.entry.key < b.entry.key ? -1 : 1))
  const shown: Block[] = []
  const more: Entry[] = []
  let together: Block[] = []
  let ends: number[] = []
  const close = (): void => {
    for (const each of together) each.columns = ends.length
    shown.push(...together)
    together = []
    ends = []
  }
  for (const { entry, from, to } of sorted) {
    if (ends.every((end) => end <= from)) close()
    const free = ends.findIndex((end) => end <= from)
    const column = free === -1 ? ends.length : free
    if (column === most) {
      more.push(entry)
      continue
    }
    ends[column] = to
    together.push({ entry, from, to, column, columns: 0 })
  }
  close()
  return { shown, more }
}

/** Returns from when to when something is drawn on a day. */
export function minutesOn(entry: Entry, day: Day): { from: number; to: number } {
  const begins = entry.first < day ? 0 : minuteOf(new Date(entry.start))
  const from = Math.min(begins, DAY_MINUTES - SHORTEST_MINUTES)
  // The end of a day is the first minute of the next one.
  const ends = entry.last > day ? DAY_MINUTES : minuteOf(new Date(entry.end)) || DAY_MINUTES
  return { from, to: Math.max(entry.end > entry.start ? ends : 0, from + SHORTEST_MINUTES) }
}

export function minuteOf(date: Date): number {
  return date.getHours() * 60 + date.getMinutes()
}
