/** Names that others chose: shown as text, whatever is in them. */

import { computed } from '@preact/signals'
import { twin } from '../twin/twin'
import { t } from '../texts/texts'
import { clean } from './clean'

const MOST_LETTERS = 100

export { clean }

/** Returns what a person is called here; who is called like somebody else is told apart by their Matrix ID. */
export function nameOf(userId: string): string {
  const name = ownName(userId)
  return userId !== twin.owner.value && taken.value.has(alike(name)) ? `${name} (${clean(userId)})` : name
}

/** Returns the name that a person gave themselves; without one, the first part of their Matrix ID. */
function ownName(userId: string): string {
  const known = userId === twin.owner.value ? twin.card.value?.displayname : twin.people.value.get(userId)?.displayname
  return named(known, userId)
}

/** Returns what a person is called who gave themselves a name, or none. */
export function named(displayname: string | null | undefined, userId: string): string {
  return cut(clean(displayname ?? '')) || clean(userId.replace(/^@/, '').split(':')[0] ?? '') || clean(userId)
}

/** Nobody's name takes the place of what stands beside it. */
function cut(name: string): string {
  const letters = [...name]
  return letters.length > MOST_LETTERS ? `${letters.slice(0, MOST_LETTERS).join('')}…` : name
}

const alike = (name: string): string => name.normalize('NFKC').toLocaleLowerCase()

/** The name of the owner, and all that more than one of the people here go by. */
const taken = computed<ReadonlySet<string>>(() => {
  const once = new Set<string>()
  const found = new Set([alike(ownName(twin.owner.value))])
  for (const id of twin.people.value.keys()) {
    const name = alike(ownName(id))
    if (once.has(name)) found.add(name)
    once.add(name)
  }
  return found
})

/** Returns what a room is called here. */
export function roomName(roomId: string): string {
  const room = twin.rooms.value.get(roomId)
  return clean(room?.name ?? '') || t('room.unnamed')
}

/** A text of somebody's, in its own direction. */
export function Text({ of }: { of: string }) {
  return <bdi>{clean(of)}</bdi>
}

/** A person's name; their Matrix ID, which can't be chosen at will, shows on hover and to screen readers where asked. */
export function Name({ id, withId = false }: { id: string; withId?: boolean }) {
  return (
    <bdi title={id}>
      {withId ? ownName(id) : nameOf(id)}
      {withId && <span class="soft small"> {clean(id)}</span>}
    </bdi>
  )
}

/** The first letters of a name on a colour that is always the same for one person. */
export function Avatar({ id, small = false }: { id: string; small?: boolean }) {
  const letters = [...nameOf(id)].slice(0, 1).join('').toUpperCase()
  return (
    <span class={`avatar ${small ? 'small' : ''} hue-${hue(id)}`} aria-hidden="true">
      {letters}
    </span>
  )
}

/** One of twelve colours. */
export function hue(id: string): number {
  let sum = 0
  for (const letter of id) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973
  return sum % 12
}
