/** Who reaches what, and through what. */

import type { Because, Person, Role, Share } from '../../twin/types'

/** A room that somebody sees, and why. */
export interface Reach {
  room_id: string
  kind: string
  name: string | null
  role: Role
  membership: string
  because: Because[]
}

export interface PersonDetails extends Person {
  reaches: Reach[]
}

/** Returns what somebody loses when they leave a circle, and what they keep for another reason. */
export function without(reaches: readonly Reach[], circle: string): { lost: Reach[]; kept: Reach[] } {
  const through = reaches.filter(
    (reach) => reach.kind === 'collection' && reach.because.some((each) => each.circle === circle),
  )
  const others = (reach: Reach): boolean => reach.because.some((each) => each.circle !== circle)
  return { lost: through.filter((reach) => !others(reach)), kept: through.filter(others) }
}

/** Returns collections in front of circles, each by name. */
export function inOrder(reaches: readonly Reach[]): Reach[] {
  const rank = (reach: Reach): number => (reach.kind === 'circle' ? 1 : 0)
  return [...reaches].sort((a, b) => rank(a) - rank(b) || (a.name ?? '').localeCompare(b.name ?? ''))
}

/** Returns the people of each collection, in the order in which they were given. */
export function byCollection(people: Iterable<Person>): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const person of people) {
    for (const { room_id } of person.shared) {
      const there = found.get(room_id)
      if (there === undefined) found.set(room_id, [person.user_id])
      else there.push(person.user_id)
    }
  }
  return found
}

/** Returns the people of each circle: who is there, and who belongs to it. */
export function byCircle(people: Iterable<Person>): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const person of people) {
    for (const { room_id } of person.circles) {
      const there = found.get(room_id)
      if (there === undefined) found.set(room_id, [person.user_id])
      else there.push(person.user_id)
    }
  }
  return found
}

/** Returns what each circle is shared. */
export function sharesOf(shares: Iterable<Share>): ReadonlyMap<string, readonly Share[]> {
  const found = new Map<string, Share[]>()
  for (const share of shares) found.set(share.circle, [...(found.get(share.circle) ?? []), share])
  return found
}

/** Returns the rooms that somebody was asked into and has not answered about, or where they could not be reached yet. */
export function unanswered(person: Person): string[] {
  const rooms = [...person.circles, ...person.shared]
  const asked = rooms.filter((each) => each.membership === 'invite')
  const unreached = person.membership === 'invite' ? person.circles.filter((each) => each.membership === 'leave') : []
  return [...asked, ...unreached].map((each) => each.room_id)
}

/** Tells whether a person is meant by what is typed, by their name or their Matrix ID. */
export function isMeant(typed: string, name: string, id: string): boolean {
  const wanted = folded(typed)
  return folded(name).includes(wanted) || folded(id).includes(wanted)
}

/** Returns a text so that Zoë is found as "zoe" too. */
export function folded(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().trim()
}
