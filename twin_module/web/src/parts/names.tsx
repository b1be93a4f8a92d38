/** Names that others chose: shown as text, whatever is in them. */

import { twin } from '../twin/twin'
import { t } from '../texts/texts'

// Controls, and marks that turn the direction of what follows: a name could pass for another one by them.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g

/** Returns a name without what can't be seen. */
export function clean(name: string): string {
  return name.replace(UNSEEN, ' ').replace(/\s+/g, ' ').trim()
}

/** Returns what a person is called here; without a name of their own, the first part of their Matrix ID. */
export function nameOf(userId: string): string {
  const known = userId === twin.owner.value ? twin.card.value?.displayname : twin.people.value.get(userId)?.displayname
  return clean(known ?? '') || userId.replace(/^@/, '').split(':')[0] || userId
}

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
      {nameOf(id)}
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
