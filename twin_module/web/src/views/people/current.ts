/** What the twin tells about rooms and people, kept as current as the stream makes it. */

import { computed } from '@preact/signals'
import { useCurrent, useRead, type Loaded } from '../../parts/loading'
import { get, path, Refused } from '../../twin/api'
import { twin } from '../../twin/twin'
import type { Place, Room, RoomDetails } from '../../twin/types'
import { declaredIn, type Declared } from './members'
import { byCircle, byCollection, sharesOf, type PersonDetails } from './reach'

export const peopleByCollection = computed(() => byCollection(twin.people.value.values()))
export const peopleByCircle = computed(() => byCircle(twin.people.value.values()))
export const sharesByCircle = computed(() => sharesOf(twin.shares.value))

/** Makes sure that the people are read. */
export function usePeople(): [Loaded<void>, () => void] {
  return useRead(async () => {
    if (!twin.knowsPeople.peek()) await twin.readPeople()
  }, [])
}

/** Reads a room's members and shares, and again whenever they change. */
export function useDetails(roomId: string): [Loaded<RoomDetails>, () => void] {
  return useCurrent(() => get<RoomDetails>(path('collections', roomId)), [roomId, twin.rooms.value.get(roomId)])
}

/** Reads a person with what they see, and again whenever that changes; undefined where they are nobody here. */
export function usePerson(id: string): [Loaded<PersonDetails | undefined>, () => void] {
  return useCurrent(() => get<PersonDetails>(path('people', id)).catch(absent), [id, twin.people.value])
}

/** Reads what a circle declares; undefined where it has ended. */
export function useDeclared(roomId: string): [Loaded<Declared | undefined>, () => void] {
  const [read, again] = useCurrent(async () => {
    await twin.read(`${path('rooms', roomId)}/objects`, { capability: 'circles' })
    return undefined
  }, [roomId])
  const there = declaredIn(twin.object(placeOf(roomId))?.content)
  return [there === undefined && read.state !== 'there' ? read : { state: 'there', value: there }, again]
}

/** Returns which circles have ended; none before that is known. */
export function useEnded(): ReadonlySet<string> {
  const [read] = useCurrent(async () => {
    // Of a circle that comes later, the stream has yet to bring what it declares.
    const known = twin.circles.value.map((each) => each.room_id)
    await twin.read('objects', { capability: 'circles' })
    return known
  }, [])
  const known = read.state === 'there' ? read.value : []
  return new Set(known.filter((roomId) => twin.object(placeOf(roomId)) === undefined))
}

/** A circle is a room with one object. */
function placeOf(roomId: string): Place {
  return { room_id: roomId, capability: 'circles', uid: 'circle' }
}

function absent(error: unknown): undefined {
  if (error instanceof Refused && error.status === 404) return undefined
  throw error
}

/** Reads a circle that was just made or changed, before the stream brings it. */
export async function readCircle(roomId: string): Promise<void> {
  const [room] = await Promise.all([get<RoomDetails>(path('collections', roomId)), twin.readObject(placeOf(roomId))])
  takeIn(room)
}

/** Takes in a room that the person just made or joined, before the stream brings it. */
export function takeIn(room: Room): void {
  twin.rooms.value = new Map(twin.rooms.value).set(room.room_id, room)
  twin.invitations.value = twin.invitations.value.filter((each) => each.room_id !== room.room_id)
}
