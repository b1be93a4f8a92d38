/** What a person does to an event: said, and undone by a click where that can be. */

import { here } from '../../dates'
import { say } from '../../parts/frame'
import { clean, roomName } from '../../parts/names'
import { t } from '../../texts/texts'
import { command, path, post } from '../../twin/api'
import { twin } from '../../twin/twin'
import type { Content, Place, TwinObject } from '../../twin/types'
import { bare, STAMPS } from '../objects/declared'
import { patch } from '../objects/draft'
import { sent } from '../objects/sent'
import { said } from '../people/said'
import { short } from '../tasks/acts'
import { undone } from '../tasks/changes'
import { changed, newEvent, patchOf, type Draft, type Times } from './draft'
import { CAPABILITY, type CalendarEvent } from './event'
import type { Given } from './given'
import { isNobody, type Guests } from './guests-field'
import type { Scope } from './scope'

/** Fields that say that something is new, and go on doing so when it is undone. */
const COUNTED = ['updated', 'sequence', STAMPS]

/** Makes an event and invites its guests; throws the twin's refusal. */
export async function make(roomId: string, draft: Draft, times: Times, guests: Guests): Promise<void> {
  const content = newEvent(draft, times, new Date())
  let place: Place | undefined
  const became = await sent(() => {
    place = twin.outbox.make(roomId, CAPABILITY, twin.typeOf(CAPABILITY), content)
  })
  const title = short(draft.title)
  if (place === undefined || isNobody(guests)) return say(t('agenda.made', { title }))
  if (became === 'waiting') return say(t('agenda.made-uninvited', { title }), { bad: true })
  await invite(place, title, guests).catch((error: unknown) => {
    // The event is there: who tries again in its form would make a second one.
    say(t('agenda.made-uninvited', { title }), { bad: true })
    throw error
  })
}

/** Changes what differs from how the event was when its form opened; throws the twin's refusal. */
export async function change(event: CalendarEvent, draft: Draft, times: Times, scope: Scope): Promise<void> {
  const { object } = event
  // How often something comes is a matter of the series; one time of it has no say in that.
  const series = scope === 'this' ? undefined : object.content
  const fields = changed(event, draft, times, here(), series)
  if (Object.keys(fields).length === 0) return
  const text = t('agenda.changed', { title: short(draft.title) })
  if (event.repeats && event.recurrenceId !== undefined) {
    await ofSeries(event, 'change', scope, fields, text)
    return
  }
  const now = patchOf(object.content, fields, new Date())
  const back = without(undone(object.content, patchOf(object.content, fields, new Date())))
  await sent(() => twin.outbox.change(object, now))
  say(text, { action: { label: t('undo'), run: () => twin.outbox.change({ ...object, title: draft.title }, back) } })
}

/** Calls an event off: it stays visible as cancelled. */
export async function cancel(event: CalendarEvent, scope: Scope): Promise<void> {
  const { object } = event
  const text = t('agenda.cancelled', { title: short(event.title) })
  if (event.recurrenceId !== undefined) return ofSeries(event, 'cancel', scope, {}, text)
  await sent(() => twin.outbox.change(object, patchOf(object.content, { status: 'cancelled' }, new Date())))
  const back = { status: object.content.status ?? null }
  say(text, { action: { label: t('undo'), run: () => twin.outbox.change(object, back) } })
}

/** Removes an event, one time of a series, or that time and all after it. */
export async function remove(event: CalendarEvent, scope: Scope): Promise<void> {
  const { object } = event
  const text = t('objects.removed', { title: short(event.title) })
  if (event.recurrenceId !== undefined && scope !== 'all') return ofSeries(event, 'remove', scope, {}, text)
  twin.outbox.remove(object)
  say(text, {
    action: {
      label: t('undo'),
      run: () => void twin.outbox.make(object.room_id, CAPABILITY, object.type, bare(object.content), object.uid),
    },
  })
}

/** Runs a command on a series; what it did to the series can be undone, a second series that it made goes again. */
async function ofSeries(
  event: CalendarEvent,
  name: 'change' | 'cancel' | 'remove',
  scope: Scope,
  fields: Content,
  text: string,
): Promise<void> {
  const { room_id, uid, content: before } = event.object
  const series = { room_id, uid, recurrence_id: event.recurrenceId, scope }
  const { objects } = await command<{ objects: Place[] }>(CAPABILITY, name, { ...series, ...fields })
  const after = await twin.readObject(event.object)
  const made = objects.find((each) => each.uid !== uid)
  say(text, {
    action: {
      label: t('undo'),
      run: () => {
        twin.outbox.change(after, without(patch(bare(after.content), bare(before))))
        if (made !== undefined) twin.outbox.remove({ ...after, uid: made.uid })
      },
    },
  })
}

function without(fields: Content): Content {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !COUNTED.includes(name)))
}

interface Invited {
  room_id: string
  moved: boolean
  guests: string[]
}

/** Invites people and a circle; the event goes to a collection of theirs where they are not in its own. */
export async function invite(place: Place, title: string, { people, circle }: Guests): Promise<Place> {
  const { room_id, moved, guests } = await post<Invited>(path('rooms', place.room_id, CAPABILITY, place.uid, 'invite'), {
    people,
    ...(circle === '' ? {} : { circle }),
  })
  const values = { title: short(title), count: guests.length }
  if (moved && !twin.rooms.value.has(room_id)) await twin.readRooms().catch(() => {})
  const there = { ...place, room_id }
  if (moved) await twin.readObject(there).catch(() => {})
  say(moved ? t('agenda.invited-moved', { ...values, name: said(roomName(room_id)) }) : t('agenda.invited', values))
  return there
}

export async function uninvite({ object }: CalendarEvent, user: string): Promise<void> {
  await command(CAPABILITY, 'uninvite', { room_id: object.room_id, uid: object.uid, user_ids: [user] })
}

/** Answers an invitation as the owner. */
export async function answer(place: Pick<TwinObject, 'room_id' | 'uid'>, title: string, status: Given): Promise<void> {
  const { room_id, uid } = place
  await command(CAPABILITY, 'answer', { room_id, uid, participationStatus: status })
  say(t(`agenda.answered.${status}`, { title: short(clean(title)) }))
}
