/** A task as its readers see it, read from an object: JSCalendar's Task (RFC 8984, section 2.2). */

import { instant } from '../../dates'
import { keyOf } from '../../twin/shelf'
import type { Content, Json, TwinObject } from '../../twin/types'

export const COLUMNS = ['needs-action', 'in-process', 'completed'] as const
export type Column = (typeof COLUMNS)[number]
export const PROGRESS = [...COLUMNS, 'cancelled', 'failed'] as const
export type Progress = (typeof PROGRESS)[number]

export interface Due {
  /** Milliseconds since 1970; of a day without a time, its last second where the reader is. */
  at: number
  /** Only the day matters. */
  dayOnly: boolean
  /** The zone in which it was written, if there is one. */
  zone: string | undefined
}

export interface Task {
  key: string
  object: TwinObject
  title: string
  progress: Progress
  /** Whether it still has to be done. */
  open: boolean
  due: Due | undefined
  /** 1 is the highest, 9 the lowest, 10 none. */
  rank: number
  keywords: readonly string[]
  /** Matrix IDs of who has to do it. */
  people: readonly string[]
  /** Keys of the tasks that it says it is a part of; they may be missing, or parts of it in turn. */
  parents: readonly string[]
  /** When its progress changed, or else the whole task; milliseconds since 1970. */
  since: number
}

/** The same object is the same task, so that thousands of them are read once and not at every change of one. */
const read = new WeakMap<TwinObject, Task>()

export function taskOf(object: TwinObject): Task {
  const known = read.get(object)
  if (known !== undefined) return known
  const task = fresh(object)
  read.set(object, task)
  return task
}

function fresh(object: TwinObject): Task {
  const { content } = object
  const progress = PROGRESS.find((each) => each === content.progress) ?? 'needs-action'
  const priority = typeof content.priority === 'number' ? content.priority : 0
  return {
    key: keyOf(object),
    object,
    title: object.title,
    progress,
    open: progress === 'needs-action' || progress === 'in-process',
    due: dueOf(content),
    rank: priority || 10,
    keywords: Object.keys(map(content.keywords)).sort(),
    people: Object.entries(map(content.participants))
      .filter(([, person]) => map(map(person).roles).attendee === true)
      .map(([id]) => id)
      .sort(),
    parents: Object.entries(map(content.relatedTo))
      .filter(([, related]) => map(map(related).relation).parent === true)
      .map(([uid]) => keyOf({ ...object, uid }))
      .sort(),
    since: (typeof content.progressUpdated === 'string' && Date.parse(content.progressUpdated)) || object.updated,
  }
}

/** Returns when a task is due, or undefined; a date that no calendar has is none. */
export function dueOf(content: Content): Due | undefined {
  if (typeof content.due !== 'string' || !isDay(content.due)) return undefined
  const dayOnly = content.showWithoutTime === true
  const zone = typeof content.timeZone === 'string' && content.timeZone !== '' ? content.timeZone : undefined
  // A day is the same day wherever one is; only times are converted.
  const at = instant(dayOnly ? `${content.due.slice(0, 10)}T23:59:59` : content.due, dayOnly ? undefined : zone)
  return at === undefined || Number.isNaN(at.getTime())
    ? undefined
    : { at: at.getTime(), dayOnly, zone: dayOnly ? undefined : zone }
}

/** Dates before are slips of the hand: "26" for "2026". */
const FIRST_YEAR = 1000

function isDay(local: string): boolean {
  const [year, month, day] = local.slice(0, 10).split('-').map(Number) as [number, number, number]
  return year >= FIRST_YEAR && new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day
}

/** What others wrote was checked by its schema, but this page need not know by which one. */
function map(value: Json | undefined): { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
