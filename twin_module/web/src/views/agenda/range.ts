/** Which entries are asked for, so that only what is shown is read. Pure. */

import { localDateTime } from '../../dates'
import { FARTHEST_HOURS } from '../home/day'
import { plusDays, startOf, type Day } from './days'

const HOUR_MS = 3_600_000

type Query = Record<string, string>

/**
 * Returns how events that touch some days are asked for.
 *
 * Times are written as local time with a zone beside them, so the twin can compare them only roughly. Where it can't
 * say when events end, all that began before are asked for: any of them may still last.
 */
export function eventsBetween(filters: { [name: string]: unknown }, first: Day, last: Day): Query {
  const { from, to } = around(first, last)
  return {
    ...('start' in filters ? { 'start.lt': to, sort: 'start' } : {}),
    ...('end' in filters ? { 'end.gte': from } : {}),
  }
}

export function tasksBetween(first: Day, last: Day): Query {
  const { from, to } = around(first, last)
  return { 'due.gte': from, 'due.lt': to, sort: 'due' }
}

/** Returns local times that nothing of these days lies outside of, in whatever zone it was written. */
function around(first: Day, last: Day): { from: string; to: string } {
  const farthest = FARTHEST_HOURS * HOUR_MS
  return {
    from: localDateTime(new Date(startOf(first).getTime() - farthest)),
    to: localDateTime(new Date(startOf(plusDays(last, 1)).getTime() + farthest)),
  }
}
