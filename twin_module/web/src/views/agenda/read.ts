/** Reads what stands in the agenda on some days, and keeps it as current as the shelf is. */

import { useMemo } from 'preact/hooks'
import { useRead, type Loaded } from '../../parts/loading'
import { twin } from '../../twin/twin'
import { CAPABILITY as TASKS } from '../tasks/acts'
import { taskOf } from '../tasks/task'
import type { Day } from './days'
import { entryOfEvent, entryOfTask, touching, type Entry } from './entry'
import { CAPABILITY, eventOf } from './event'
import { eventsBetween, tasksBetween } from './range'

interface Found {
  entries: readonly Entry[]
  loaded: Loaded<unknown>
  again: () => void
}

export function useEntries(first: Day, last: Day, withTasks: boolean): Found {
  const [loaded, again] = useRead(() => readBetween(first, last, withTasks), [first, last, withTasks])
  const objects = twin.objects.value
  const all = useMemo(
    () =>
      objects.flatMap((each): Entry[] => {
        if (each.capability === CAPABILITY) return some(eventOf(each), entryOfEvent)
        return withTasks && each.capability === TASKS ? some(entryOfTask(taskOf(each)), (entry) => entry) : []
      }),
    [objects, withTasks],
  )
  const entries = useMemo(() => touching(all, first, last), [all, first, last])
  return { entries, loaded, again }
}

async function readBetween(first: Day, last: Day, withTasks: boolean): Promise<void> {
  const filters = twin.capability(CAPABILITY)?.events[0]?.filters ?? {}
  await Promise.all([
    twin.read('objects', { capability: CAPABILITY, ...eventsBetween(filters, first, last) }),
    withTasks ? twin.read('objects', { capability: TASKS, ...tasksBetween(first, last) }) : undefined,
  ])
}

function some<T>(value: T | undefined, entry: (value: T) => Entry): Entry[] {
  return value === undefined ? [] : [entry(value)]
}
