/** Which entries are asked for, so that only what is shown is read. Pure. */

import { localDateTime } from '../../dates'
import { FARTHEST_HOURS } from '../home/day'
import { plusDays, startOf, type Day } from './days'

const HOUR_MS = 3_600_000

type Query = Record<string, string | number>

/** Returns how the events are asked for that may touch some days: the twin knows from when until when each lasts. */
export function eventsBetween(first: Day, last: Day): Query {
  const { from, to } = { from: startOf(first).getTime(), to: startOf(plusDays(last, 1)).getTime() }
  return {
    'first.lte': Math.max(0, Math.ceil(to / 1000)),
    // Numbers of the API are no less than nothing.
    ...(from > 0 ? { 'last.gte': Math.floor(from / 1000) } : {}),
  }
}

/**
 * Returns how tasks that are due on some days are asked for.
 *
 * Times are written as local time with a zone beside them, so the twin can compare them only roughly.
 */
export function tasksBetween(first: Day, last: Day): Query {
  const farthest = FARTHEST_HOURS * HOUR_MS
  return {
    'due.gte': localDateTime(new Date(startOf(first).getTime() - farthest)),
    'due.lt': localDateTime(new Date(startOf(plusDays(last, 1)).getTime() + farthest)),
    sort: 'due',
  }
}
