/** When events take place, as the twin works it out: a series each time that it does. */

import { here } from '../../dates'
import { get, Refused } from '../../twin/api'
import type { Content } from '../../twin/types'
import { plusDays, type Day } from './days'

export interface Occurrence {
  room_id: string
  uid: string
  /** Which time of a series it is: when it would begin by the series. */
  recurrence_id?: string
  /** In UTC, as `end`. */
  start: string
  end: string
  /** As a clock in the reader's zone shows it. */
  local_start: string
  local_end: string
  /** What the owner answered; absent where nobody asks them. */
  answer?: string
  /** As it is that time, with what people answered. */
  content: Content
}

export interface Placed {
  occurrences: readonly Occurrence[]
  /** Whether there are more than were asked for. */
  more: boolean
}

/** As many are answered at once. */
const MOST = 4999
/** What comes next. */
export const NEXT = 50
const AHEAD_DAYS = 399

type Query = Record<string, string | number | undefined>

/** Returns what takes place from the first to the last day. */
export function between(first: Day, last: Day, roomId: string | undefined): Promise<Placed> {
  return ask<Placed>('agenda', { ...days(first, plusDays(last, 1)), room_id: roomId, limit: MOST })
}

/** Returns what is going on or comes next, in one room or in all. */
export async function next(today: Day, roomId: string | undefined): Promise<Placed> {
  if (roomId === undefined) {
    const { occurrences } = await ask<Placed>('agenda/next', { limit: NEXT })
    return { occurrences, more: occurrences.length === NEXT }
  }
  return ask<Placed>('agenda', { ...days(today, plusDays(today, AHEAD_DAYS)), room_id: roomId, limit: NEXT })
}

function days(after: Day, before: Day): Query {
  return { after: `${after}T00:00:00`, before: `${before}T00:00:00` }
}

async function ask<T>(where: string, query: Query): Promise<T> {
  try {
    return await get<T>(where, { ...query, time_zone: here() })
  } catch (error) {
    // Browsers and servers do not learn of new names at the same time; the settings then say where one is.
    if (!(error instanceof Refused && error.status === 400)) throw error
    return await get<T>(where, query)
  }
}
