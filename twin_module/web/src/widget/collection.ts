/** What stands in a widget's collection, in the order in which it is read. Pure. */

import { clean } from '../parts/clean'
import { dueOf, type Due } from '../views/tasks/task'
import type { Json } from '../twin/types'
import type { ShownObject } from './read'

/** The capability of what can be done. */
const TASKS = 'tasks'

export interface ShownTask {
  key: string
  title: string
  open: boolean
  due: Due | undefined
  /** What people are called who have to do it. */
  people: readonly string[]
}

export interface Sorted {
  open: readonly ShownTask[]
  done: readonly ShownTask[]
  /** All else, by capability. */
  others: ReadonlyMap<string, readonly ShownObject[]>
}

export function sorted(objects: readonly ShownObject[]): Sorted {
  const tasks = objects.filter(({ capability }) => capability === TASKS).map(taskOf)
  const others = new Map<string, ShownObject[]>()
  for (const each of objects) {
    if (each.capability === TASKS) continue
    const there = others.get(each.capability)
    if (there === undefined) others.set(each.capability, [each])
    else there.push(each)
  }
  return {
    open: tasks.filter(({ open }) => open).sort(byDue),
    done: tasks.filter(({ open }) => !open),
    others,
  }
}

function taskOf({ uid, title, content }: ShownObject): ShownTask {
  const open = content.progress === undefined || content.progress === 'needs-action' || content.progress === 'in-process'
  return { key: uid, title: clean(title), open, due: dueOf(content), people: peopleOf(content.participants) }
}

function peopleOf(participants: Json | undefined): string[] {
  return Object.entries(map(participants))
    .filter(([, person]) => map(map(person).roles).attendee === true)
    .map(([id]) => clean(id.replace(/^@/, '').split(':')[0] ?? ''))
    .filter((name) => name !== '')
    .sort()
}

/** What was changed last comes first; of what is due, what is due first. */
function byDue(one: ShownTask, other: ShownTask): number {
  const at = ({ due }: ShownTask): number => due?.at ?? Infinity
  return at(one) === at(other) ? 0 : at(one) - at(other)
}

function map(value: Json | undefined): { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
