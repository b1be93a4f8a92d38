/** Entries of some days in a row, laid in lanes, so that what lasts over several days is one bar. Pure. */

import { daysFrom, type Day } from './days'
import type { Entry } from './entry'

/** An entry in its lane on one day. */
export interface Piece {
  entry: Entry
  /** Over how many days of the row its bar goes from here; 0 on the days behind the first. */
  span: number
  /** Whether it began before the row, or goes on behind it. */
  before: boolean
  after: boolean
}

export interface DayLanes {
  day: Day
  /** From the top down; a lane that is free here but used further down is undefined. */
  lanes: readonly (Piece | undefined)[]
  /** For how many entries there is no lane. */
  more: number
}

/**
 * Lays entries that are in order into at most so many lanes.
 *
 * The last lane is for what stands on one day only: where that day has still more, it makes room to say so.
 */
export function inLanes(entries: readonly Entry[], days: readonly Day[], most: number): DayLanes[] {
  const start = days[0]!
  const rows = days.map((day) => ({ day, lanes: new Array<Piece | undefined>(), more: 0 }))
  for (const entry of entries) {
    const from = Math.max(0, daysFrom(start, entry.first))
    const to = Math.min(days.length - 1, daysFrom(start, entry.last))
    if (from > to) continue
    const taken = rows.slice(from, to + 1)
    let lane = 0
    const isFree = (): boolean =>
      (lane < most - 1 || taken.length === 1) && taken.every(({ lanes }) => lanes[lane] === undefined)
    while (lane < most && !isFree()) lane += 1
    taken.forEach((row, at) => {
      if (lane === most) row.more += 1
      else {
        while (row.lanes.length < lane) row.lanes.push(undefined)
        row.lanes[lane] = {
          entry,
          span: at === 0 ? taken.length : 0,
          before: entry.first < start,
          after: entry.last > days[days.length - 1]!,
        }
      }
    })
  }
  for (const row of rows) {
    if (row.more === 0 || row.lanes.length < most) continue
    row.lanes.pop()
    row.more += 1
  }
  return rows
}
