/** Links by which anybody reads something of the owner's. Pure. */

import { places } from '../../places'
import { HOME } from '../../twin/api'
import type { Room } from '../../twin/types'

/** What can be published: an object, or with the room alone all that is in it. */
export interface Publishable {
  room_id: string
  capability?: string
  uid?: string
}

export interface PublishedLink extends Publishable {
  id: string
  title: string
  /** Milliseconds since 1970, as `expires`. */
  made: number
  expires?: number
  token: string
  /** The path at which calendar apps subscribe to it. */
  calendar?: string
  /** The path of its contacts. */
  contacts?: string
  /** It opens in the widget of its room alone, and is nothing to hand on. */
  widget?: true
  /** Why it opens nothing now. */
  note?: string
}

/** Tells whether a link opens that, and not only something that it is a part of. */
export function isOf(link: PublishedLink, what: Publishable): boolean {
  return link.room_id === what.room_id && link.capability === what.capability && link.uid === what.uid
}

/** Returns the address to hand on. */
export function addressOf(token: string, origin: string): string {
  return `${origin}${HOME}${places.published(token)}`
}

export const ENDS = ['day', 'week', 'month', 'year', 'never'] as const
export type End = (typeof ENDS)[number]

const DAYS: Readonly<Record<Exclude<End, 'never'>, number>> = { day: 1, week: 7, month: 30, year: 365 }
const DAY_MS = 86_400_000

/** Returns when a link is over, in milliseconds since 1970. */
export function endOf(end: End, now: number): number | undefined {
  return end === 'never' ? undefined : now + DAYS[end] * DAY_MS
}

/**
 * Tells whether the owner may publish what is in a room: only who made it and its admins may, because others
 * wrote there too. Who is in which circle is never published.
 */
export function mayPublish(room: Room | undefined, capability?: string): boolean {
  if (room === undefined || room.kind === 'circle' || room.kind === 'index' || capability === 'circles') return false
  return room.role === 'owner' || room.role === 'admin'
}
