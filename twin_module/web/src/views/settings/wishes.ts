/** What the owner wants of their twin, as the API has it: read whole, and written whole. */

import { useCurrent, type Loaded } from '../../parts/loading'
import { call, get } from '../../twin/api'

export interface QuietHours {
  /** "22:00", in the owner's time zone, as `until`; it may go over midnight. */
  from: string
  until: string
}

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
}

export interface WishesProps {
  loaded: Loaded<Wishes>
  again: () => void
}

export function useWishes(): [Loaded<Wishes>, () => void] {
  return useCurrent(() => get<Wishes>('settings'), [])
}

/**
 * Changes what is wished now, which another window may have changed.
 *
 * The twin forgets what is not sent along, so everything that it told goes back, also what this page does not know.
 */
export async function changeWishes(to: (current: Wishes) => Partial<Wishes>): Promise<void> {
  const current = await get<Wishes>('settings')
  await call<Wishes>('PUT', 'settings', { body: { ...current, ...to(current) } })
}
