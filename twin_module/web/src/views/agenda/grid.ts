/** What the grids of a month and of a week share: which day has the focus, and what can be done with each. */

import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { focusSoon } from '../tasks/acts'
import { dayByKey, type Shown } from './address'
import type { Day } from './days'
import type { Open } from './entries'
import type { Entry } from './entry'

export interface GridProps {
  entries: readonly Entry[]
  /** The day that the keys begin from. */
  day: Day
  today: Day
  /** Only what is in this room is shown. */
  room: string | undefined
  /** The ID of the heading that says what is shown. */
  label: string
  /** The ID of what says which keys there are. */
  hint: string
  /** The keys of entries that want the same time as another one. */
  conflicts: ReadonlySet<string>
  keys: (event: JSX.TargetedKeyboardEvent<HTMLElement>) => void
  onOpen: Open
  /** Shows all that is on a day. */
  onMore: (day: Day) => void
  /** A free place on a day was pressed, at a minute of it where hours are shown. */
  onPress: (day: Day, minute?: number) => void
}

interface KeysProps {
  shown: Shown
  today: Day
  firstWeekday: number
  /** Goes to a day without a step for the way back. */
  onDay: (day: Day) => void
  /** Opens the view of a day. */
  onEnter: (day: Day) => void
}

/**
 * Returns what the keys do in a grid of days; the focus follows, also into another month.
 *
 * They are heard in the grid only: letters belong to whatever else has the focus (WCAG 2.1.4).
 */
export function useGridKeys({ shown: { view, day }, today, firstWeekday, onDay, onEnter }: KeysProps): GridProps['keys'] {
  const moved = useRef(false)
  const before = useRef(view)
  useLayoutEffect(() => {
    if (moved.current) dayCell()?.focus()
    moved.current = false
  }, [day])
  useEffect(() => {
    // What had the focus may be gone with the view before.
    if (before.current !== view) focusSoon(dayCell)
    before.current = view
  }, [view])
  return (event) => {
    const { key, target, currentTarget } = event
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || !(target instanceof Element)) return
    if (key === 'Enter' && target.hasAttribute('data-day')) {
      event.preventDefault()
      return onEnter(day)
    }
    const from = target.closest<HTMLElement>('[data-day]')?.dataset.day
    const forward = getComputedStyle(currentTarget).direction === 'rtl' ? -1 : 1
    const to = key === 't' ? today : from && dayByKey(key, from, firstWeekday, forward)
    if (to === undefined || to === '') return
    event.preventDefault()
    moved.current = to !== day
    if (moved.current) onDay(to)
    else dayCell()?.focus()
  }
}

/** Returns the day that the keys begin from. */
export function dayCell(): HTMLElement | null {
  return document.querySelector('.agenda [role=gridcell][tabindex="0"]')
}
