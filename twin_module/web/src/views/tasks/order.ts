/** In which order and under which headings tasks are shown. */

import { daysBetween } from '../../dates'
import { COLUMNS, type Column, type Task } from './task'
import { below, lines, type Above, type Below } from './tree'

export const GROUPS = ['overdue', 'today', 'soon', 'later', 'someday', 'done'] as const
export type Group = (typeof GROUPS)[number]

/** The coming days are those that have no other name than that of their weekday. */
const SOON_DAYS = 7

const byName = new Intl.Collator(undefined, { numeric: true })

/** Orders open tasks: by due time, priority, title; as the twin's own view of a list does. */
export function byDue(a: Task, b: Task): number {
  return (
    (a.due?.at ?? Infinity) - (b.due?.at ?? Infinity) || // NaN, which is false, where both have none
    a.rank - b.rank ||
    byName.compare(a.title, b.title) ||
    (a.key < b.key ? -1 : 1)
  )
}

export function newest(a: Task, b: Task): number {
  return b.since - a.since || (a.key < b.key ? -1 : 1)
}

/** Returns under which heading something belongs that is due at a time, or never. */
export function groupAt(at: number | undefined, now: Date): Group {
  if (at === undefined) return 'someday'
  if (at < now.getTime()) return 'overdue'
  const days = daysBetween(now, new Date(at))
  return days === 0 ? 'today' : days < SOON_DAYS ? 'soon' : 'later'
}

export interface Grouped {
  groups: ReadonlyMap<Group, readonly Task[]>
  /** What stands under each task, in order. */
  down: Below
}

/**
 * Puts tasks under headings, each with what is under it.
 *
 * A task stands where the first of its open parts is due: what is to be done today must not hide under something
 * that has no date, or that is ticked off already.
 */
export function grouped(tasks: readonly Task[], up: Above, now: Date): Grouped {
  const down = below([...tasks].sort(byDue), up)
  const here = new Set(tasks)
  const groups = new Map<Group, { root: Task; at: number; rank: number }[]>()
  for (const root of tasks) {
    const parent = up.get(root)
    if (parent !== undefined && here.has(parent)) continue
    const open = down.has(root)
      ? lines(root, down)
          .filter(({ task }) => task.open)
          .map(({ task }) => task)
      : root.open
        ? [root]
        : []
    const at = Math.min(...open.map((task) => task.due?.at ?? Infinity))
    const rank = Math.min(...open.map((task) => task.rank))
    const group = open.length === 0 ? 'done' : groupAt(at === Infinity ? undefined : at, now)
    const found = groups.get(group)
    if (found === undefined) groups.set(group, [{ root, at, rank }])
    else found.push({ root, at, rank })
  }
  const sorted = new Map<Group, readonly Task[]>()
  for (const group of GROUPS) {
    const found = groups.get(group)
    if (found === undefined) continue
    found.sort(
      group === 'done'
        ? (a, b) => newest(a.root, b.root)
        : (a, b) => a.at - b.at || a.rank - b.rank || byDue(a.root, b.root),
    )
    sorted.set(
      group,
      found.map(({ root }) => root),
    )
  }
  return { groups: sorted, down }
}

/** Returns in which column of the board a task stands; what was given up stands with what is done. */
export function columnOf(task: Task): Column {
  return task.progress === 'cancelled' || task.progress === 'failed' ? 'completed' : task.progress
}

export function columns(tasks: readonly Task[]): ReadonlyMap<Column, readonly Task[]> {
  return new Map(
    COLUMNS.map((column) => {
      const inside = tasks.filter((task) => columnOf(task) === column)
      return [column, inside.sort(column === 'completed' ? newest : byDue)]
    }),
  )
}
