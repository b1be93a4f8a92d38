/** What the agenda shows, as it stands in the address. Pure. */

import { isDay, monthOf, plusDays, plusMonths, weekOf, type Day } from './days'

export const VIEWS = ['month', 'week', 'day', 'next'] as const
export type View = (typeof VIEWS)[number]

export interface Shown {
  view: View
  /** The day in the middle of things; its month or week is shown. */
  day: Day
  /** Only what is in this room. */
  room?: string | undefined
}

/** Views of days, which one turns over. */
export type Turned = Exclude<View, 'next'>

/** Reads an address; what it leaves out is as `usual`. */
export function shownBy(query: string, usual: Shown): Shown {
  const asked = new URLSearchParams(query)
  const day = asked.get('date') ?? ''
  return {
    view: VIEWS.find((each) => each === asked.get('view')) ?? usual.view,
    day: isDay(day) ? day : usual.day,
    room: asked.get('room') ?? undefined,
  }
}

export function queryOf({ view, day, room }: Shown): string {
  return `?${new URLSearchParams({ view, date: day, ...(room === undefined ? {} : { room }) })}`
}

/** Returns the day to go to for what comes so many months, weeks or days later. */
export function turned({ view, day }: Shown, by: number): Day {
  if (view === 'month') return plusMonths(day, by)
  return plusDays(day, view === 'week' ? by * 7 : by)
}

/** Returns all days that are shown, in rows; what comes begins with its day and ends nowhere. */
export function daysShown({ view, day }: Shown, firstWeekday: number): Day[][] {
  if (view === 'month') return monthOf(day, firstWeekday)
  return view === 'week' ? [weekOf(day, firstWeekday)] : [[day]]
}

/** Returns the day that a key goes to from another one in the grid; `forward` is 1, or -1 where one reads leftwards. */
export function dayByKey(key: string, day: Day, firstWeekday: number, forward: number): Day | undefined {
  switch (key) {
    case 'ArrowRight':
      return plusDays(day, forward)
    case 'ArrowLeft':
      return plusDays(day, -forward)
    case 'ArrowDown':
      return plusDays(day, 7)
    case 'ArrowUp':
      return plusDays(day, -7)
    case 'Home':
      return weekOf(day, firstWeekday)[0]
    case 'End':
      return weekOf(day, firstWeekday)[6]
    case 'PageDown':
      return plusMonths(day, 1)
    case 'PageUp':
      return plusMonths(day, -1)
    default:
      return undefined
  }
}
