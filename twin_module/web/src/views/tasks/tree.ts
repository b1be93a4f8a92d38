/**
 * Which task is a part of which. Others may write what they like: a parent that is missing, two of them, a task
 * that is a part of itself. Every task comes up exactly once all the same, and nothing here recurses.
 */

import type { Task } from './task'

/** The task that each one stands under; who stands under none is absent. */
export type Above = ReadonlyMap<Task, Task>
export type Below = ReadonlyMap<Task, readonly Task[]>

export interface Line {
  task: Task
  /** How many tasks stand above it here. */
  depth: number
  /** How many stand right under it here, folded or not. */
  parts: number
}

/** Returns the first parent of each task that is there; where tasks go round in a circle, one is let go. */
export function above(tasks: readonly Task[]): Above {
  const byKey = new Map(tasks.map((task) => [task.key, task]))
  const up = new Map<Task, Task>()
  for (const task of tasks) {
    const parent = task.parents.map((key) => byKey.get(key)).find((each) => each !== undefined && each !== task)
    if (parent !== undefined) up.set(task, parent)
  }
  const walkOf = new Map<Task, number>()
  tasks.forEach((start, walk) => {
    let at: Task | undefined = start
    while (at !== undefined && !walkOf.has(at)) {
      walkOf.set(at, walk)
      at = up.get(at)
    }
    if (at !== undefined && walkOf.get(at) === walk) up.delete(smallest(at, up))
  })
  return up
}

/** Returns the same task of a circle wherever one begins, so that all readers see it cut at the same place. */
function smallest(start: Task, up: Above): Task {
  let found = start
  for (let at = up.get(start); at !== undefined && at !== start; at = up.get(at)) if (at.key < found.key) found = at
  return found
}

/** Returns what stands right under each task. */
export function below(tasks: readonly Task[], up: Above): Below {
  const down = new Map<Task, Task[]>()
  for (const task of tasks) {
    const parent = up.get(task)
    if (parent === undefined) continue
    const parts = down.get(parent)
    if (parts === undefined) down.set(parent, [task])
    else parts.push(task)
  }
  return down
}

/** Returns a task and all under it, each right behind what it is a part of; what is folded shows nothing under it. */
export function lines(root: Task, down: Below, folded: ReadonlySet<string> = new Set()): Line[] {
  const found: Line[] = []
  const waiting = [{ task: root, depth: 0 }]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { task, depth } = next
    const parts = down.get(task) ?? []
    found.push({ task, depth, parts: parts.length })
    if (folded.has(task.key)) continue
    for (const part of [...parts].reverse()) waiting.push({ task: part, depth: depth + 1 })
  }
  return found
}

/** How many of a task's parts are over, of how many. */
export function partsDone(parts: readonly Task[]): { done: number; all: number } {
  return { done: parts.filter((part) => !part.open).length, all: parts.length }
}
