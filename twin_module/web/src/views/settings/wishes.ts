/** What the owner wants of their twin, as the API has it: read whole, and written whole. */

import { useCurrent, type Loaded } from '../../parts/loading'
import type { Language } from '../../texts/texts'
import { call, get } from '../../twin/api'

export interface QuietHours {
  /** "22:00", in the owner's time zone, as `until`; it may go over midnight. */
  from: string
  until: string
}

/** As the API has them, Monday first. */
export const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const

export interface Weekly {
  day: (typeof DAYS)[number]
  /** "07:30", in the owner's time zone. */
  at: string
}

/** What the twin tells in the room of a collection. */
export const TOLD = ['all', 'digest', 'mentions', 'none'] as const
export type Told = (typeof TOLD)[number]

export interface Wishes {
  accept_from: string[]
  accept_from_circles: boolean
  /** An IANA name; null is UTC. */
  time_zone: string | null
  reminders: boolean
  quiet_hours: QuietHours | null
  /** Whose twins may ask when the owner is busy. */
  free_busy_to: string[]
  /** The circles whose members may, by room ID. */
  free_busy_to_circles: string[]
  /** What the twin speaks with the owner. */
  language: Language
  /** "07:30", in the owner's time zone; null is never. */
  daily_brief: string | null
  weekly_brief: Weekly | null
  /** What is told in collections that the owner made, by room ID, where it is not `all`. */
  notices: Record<string, Told>
  /** Whether search looks through messages of unencrypted chats. */
  search_chats: boolean
}

export interface WishesProps {
  loaded: Loaded<Wishes>
  again: () => void
}

export function useWishes(): [Loaded<Wishes>, () => void] {
  return useCurrent(() => get<Wishes>('settings'), [])
}

let last: Promise<unknown> = Promise.resolve()

/**
 * Changes what is wished now, which another window may have changed.
 *
 * The twin forgets what is not sent along, so everything that it told goes back, also what this page does not know.
 * One change waits for the other: each would send back what the other one changed as it was before.
 */
export function changeWishes(to: (current: Wishes) => Partial<Wishes>): Promise<void> {
  const changed = last.then(() => change(to))
  last = changed.catch(() => undefined)
  return changed
}

async function change(to: (current: Wishes) => Partial<Wishes>): Promise<void> {
  const current = await get<Wishes>('settings')
  await call<Wishes>('PUT', 'settings', { body: { ...current, ...to(current) } })
}
