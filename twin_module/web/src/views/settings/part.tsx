/** One part of the settings, with its heading. */

import type { ComponentChildren } from 'preact'
import { t } from '../../texts/texts'

/** In the order in which they stand on the page. */
export const PARTS = [
  'look',
  'health',
  'sessions',
  'links',
  'invitations',
  'busy',
  'time',
  'companion',
  'search',
  'calendar-apps',
  'experiences',
  'card',
  'export',
  'about',
] as const

export type PartName = (typeof PARTS)[number]

export function Part({ of, children }: { of: PartName; children: ComponentChildren }) {
  return (
    <section id={of} class="card stack" aria-labelledby={`${of}-title`}>
      <h2 id={`${of}-title`} tabIndex={-1}>
        {t(`settings.${of}`)}
      </h2>
      {children}
    </section>
  )
}

/** Gives the focus to a part's heading, when what had it is gone. */
export function focusPart(of: PartName): void {
  document.getElementById(`${of}-title`)?.focus()
}
