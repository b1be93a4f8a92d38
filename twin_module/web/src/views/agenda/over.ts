/** What opens over the agenda: which event or day, and what is done with it. */

import type { Place } from '../../twin/types'
import type { Day } from './days'
import type { CalendarEvent } from './event'

/** An event, and which time of a series. */
export interface At {
  place: Place
  recurrenceId: string | undefined
}

export type Doing = 'see' | 'change' | 'invite' | 'cancel' | 'remove'
export type Over = { at: At; doing: Doing } | { day: Day } | { make: Day; minute?: number | undefined }

export function over({ object, recurrenceId }: CalendarEvent, doing: Doing = 'see'): Over {
  const { room_id, capability, uid } = object
  return { at: { place: { room_id, capability, uid }, recurrenceId }, doing }
}
