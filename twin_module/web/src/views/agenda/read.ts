/** Reads what stands in the agenda on some days, and keeps it as current as the shelf and the stream are. */

import { useMemo } from 'preact/hooks'
import { useHeard } from '../../parts/heard'
import { useCurrent, useRead, type Loaded } from '../../parts/loading'
import { path } from '../../twin/api'
import { twin } from '../../twin/twin'
import type { TwinObject } from '../../twin/types'
import { CAPABILITY as TASKS } from '../tasks/acts'
import { taskOf } from '../tasks/task'
import { dayOf, LAST_DAY, type Day } from './days'
import { entriesOf, entryOfTask, touching, type Entry } from './entry'
import { CAPABILITY } from './event'
import { between, next, type Placed } from './occurrence'
import { eventsBetween, tasksBetween } from './range'

interface Found {
  entries: readonly Entry[]
  /** Whether there is more than is shown. */
  more: boolean
  loaded: Loaded<unknown>
  again: () => void
}

interface Wanted {
  first: Day
  last: Day
  withTasks: boolean
  /** Only what is in this room. */
  roomId?: string | undefined
}

const NONE: Placed = { occurrences: [], more: false }

export function useEntries({ first, last, withTasks, roomId }: Wanted): Found {
  const heard = useHeard(CAPABILITY)
  const [loaded, again] = useRead(
    () => readObjects(first, last, withTasks, roomId),
    [first, last, withTasks, roomId],
  )
  const [placed, askAgain] = useCurrent(() => between(first, last, roomId), [first, last, roomId, heard])
  const { occurrences, more } = placed.state === 'there' ? placed.value : NONE
  const events = useEvents(roomId)
  const objects = twin.objects.value
  const all = useMemo(() => {
    const due = withTasks ? objects.filter((each) => each.capability === TASKS && isIn(each, roomId)) : []
    return [...entriesOf(events, occurrences), ...due.flatMap((each) => entryOfTask(taskOf(each)) ?? [])]
  }, [events, occurrences, objects, withTasks, roomId])
  return {
    entries: useMemo(() => touching(all, first, last), [all, first, last]),
    more,
    ...both([loaded, again], [placed, askAgain]),
  }
}

/** Reads what is going on or comes next, in one room or in all. */
export function useNext(now: Date, roomId?: string): Found {
  const today = dayOf(now)
  const heard = useHeard(CAPABILITY)
  const [placed, again] = useCurrent(async () => {
    const found = await next(today, roomId)
    const last = found.occurrences.at(-1)
    if (last !== undefined) await readObjects(today, last.local_end.slice(0, 10), false, roomId)
    return found
  }, [today, roomId, heard])
  const { occurrences, more } = placed.state === 'there' ? placed.value : NONE
  const events = useEvents(roomId)
  const entries = useMemo(() => {
    // Behind the last one that the twin named, the page does not know all of them.
    const end = more ? (occurrences.at(-1)?.local_start.slice(0, 10) ?? LAST_DAY) : LAST_DAY
    return touching(entriesOf(events, occurrences), today, end).filter((each) => each.end >= now.getTime())
  }, [events, occurrences, more, today, now])
  return { entries, more, loaded: placed, again }
}

function useEvents(roomId: string | undefined): readonly TwinObject[] {
  const objects = twin.objects.value
  return useMemo(() => {
    const type = twin.typeOf(CAPABILITY)
    return objects.filter((each) => each.type === type && isIn(each, roomId))
  }, [objects, roomId])
}

function isIn(object: TwinObject, roomId: string | undefined): boolean {
  return roomId === undefined || object.room_id === roomId
}

async function readObjects(first: Day, last: Day, withTasks: boolean, roomId: string | undefined): Promise<void> {
  const where = roomId === undefined ? 'objects' : `${path('rooms', roomId)}/objects`
  await Promise.all([
    twin.read(where, { capability: CAPABILITY, ...eventsBetween(first, last) }),
    withTasks ? twin.read(where, { capability: TASKS, ...tasksBetween(first, last) }) : undefined,
  ])
}

/** Fails where one of both fails, and reads while one of both does. */
function both(
  [one, oneAgain]: [Loaded<unknown>, () => void],
  [other, otherAgain]: [Loaded<unknown>, () => void],
): Pick<Found, 'loaded' | 'again'> {
  const rank = { there: 0, reading: 1, failed: 2 }
  return {
    loaded: rank[one.state] >= rank[other.state] ? one : other,
    again: () => {
      oneAgain()
      otherAgain()
    },
  }
}
