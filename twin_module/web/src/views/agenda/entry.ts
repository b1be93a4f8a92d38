/** What stands in the agenda: events, and tasks on the day on which they are due. Pure. */

import { keyOf } from '../../twin/shelf'
import type { TwinObject } from '../../twin/types'
import type { Task } from '../tasks/task'
import { dayOf, type Day } from './days'
import { eventAt, eventOf, isSeries, type CalendarEvent } from './event'
import type { Occurrence } from './occurrence'

interface When {
  key: string
  title: string
  wholeDay: boolean
  start: number
  end: number
  first: Day
  last: Day
}

export type Entry = When & ({ event: CalendarEvent; task?: undefined } | { task: Task; event?: undefined })

const DAY_MS = 86_400_000

export function entryOfEvent(event: CalendarEvent): Entry {
  const { key, title, wholeDay, start, end, first, last } = event
  return { key, title, wholeDay, start, end, first, last, event }
}

/**
 * Returns the entries of events: what comes again as often as the twin says, everything else as the page has it.
 *
 * A series that was just made here, and that the twin does not have yet, shows its first time.
 */
export function entriesOf(objects: readonly TwinObject[], occurrences: readonly Occurrence[]): Entry[] {
  const placed = new Map<string, Occurrence[]>()
  for (const each of occurrences) {
    const key = keyOf({ room_id: each.room_id, capability: objects[0]?.capability ?? '', uid: each.uid })
    const there = placed.get(key)
    if (there === undefined) placed.set(key, [each])
    else there.push(each)
  }
  return objects.flatMap((object) => {
    const here = placed.get(keyOf(object)) ?? []
    const times = here.length > 0 ? here.map((each) => eventAt(object, each)) : [unplaced(object)]
    return times.flatMap((event) => (event === undefined ? [] : [entryOfEvent(event)]))
  })
}

function unplaced(object: TwinObject): CalendarEvent | undefined {
  return isSeries(object.content) && object.etag !== '' ? undefined : eventOf(object)
}

/** Returns the entry of a task; one that is never due has none. */
export function entryOfTask(task: Task): Entry | undefined {
  if (task.due === undefined) return undefined
  const { at, dayOnly } = task.due
  const day = dayOf(new Date(at))
  return { key: task.key, title: task.title, wholeDay: dayOnly, start: at, end: at, first: day, last: day, task }
}

/** Returns what touches the days from the first to the last, in the order in which it is read. */
export function touching(entries: readonly Entry[], first: Day, last: Day): Entry[] {
  return entries.filter((each) => each.first <= last && each.last >= first).sort(inOrder)
}

/** Tells whether something stands above the hours of a day, because it takes all of it or no time at all. */
export function isAboveHours(entry: Entry): boolean {
  return entry.wholeDay || entry.task !== undefined || entry.end - entry.start >= DAY_MS
}

const byName = new Intl.Collator(undefined, { numeric: true })

/** Orders entries: what lasts over several days first, then whole days, then by time. */
export function inOrder(a: Entry, b: Entry): number {
  return (
    Number(b.first !== b.last) - Number(a.first !== a.last) ||
    (a.first < b.first ? -1 : a.first > b.first ? 1 : 0) ||
    Number(b.wholeDay) - Number(a.wholeDay) ||
    a.start - b.start ||
    b.end - a.end ||
    byName.compare(a.title, b.title) ||
    (a.key < b.key ? -1 : 1)
  )
}
