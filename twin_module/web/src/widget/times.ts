/** Times in a widget, short, where the person is. */

import { dayName, daysBetween, instant, timeOfDay } from '../dates'
import type { Due } from '../views/tasks/task'
import type { ShownEvent } from './read'

export function dueWords({ at, dayOnly }: Due, now: Date = new Date()): string {
  const when = new Date(at)
  return dayOnly ? dayName(when, now) : `${dayName(when, now)}, ${timeOfDay(when)}`
}

export function eventWords({ day, start, end }: ShownEvent, now: Date = new Date()): string {
  if (day !== undefined) return dayName(instant(`${day}T00:00:00`, undefined) ?? new Date(start), now)
  const from = new Date(start)
  const to = new Date(end)
  const until = daysBetween(from, to) === 0 && to > from ? `–${timeOfDay(to)}` : ''
  return `${dayName(from, now)}, ${timeOfDay(from)}${until}`
}
