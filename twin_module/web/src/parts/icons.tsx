/** Icons, all of one size; they say nothing to screen readers, the words beside them do. */

import type { LucideIcon } from 'lucide-preact'

export function Icon({ of: Of }: { of: LucideIcon }) {
  return <Of class="icon" aria-hidden="true" focusable="false" />
}
