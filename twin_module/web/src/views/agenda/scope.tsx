/** What of a series is meant: one time, that one and all after it, or all of it. */

import { t } from '../../texts/texts'
import type { CalendarEvent } from './event'

export const SCOPES = ['this', 'following', 'all'] as const
export type Scope = (typeof SCOPES)[number]

interface ScopeFieldProps {
  event: CalendarEvent
  scope: Scope
  label: string
  onScope: (scope: Scope) => void
}

export function ScopeField({ event, scope, label, onScope }: ScopeFieldProps) {
  return (
    <fieldset class="scope">
      <legend class="label">{label}</legend>
      {scopesOf(event).map((each, at) => (
        <label key={each} class="row">
          <input
            type="radio"
            name="scope"
            autofocus={at === 0}
            checked={each === scope}
            onChange={() => onScope(each)}
          />
          {t(`agenda.scope.${each}`)}
        </label>
      ))}
    </fieldset>
  )
}

/** Returns what can be meant: what follows the first time is all of it. */
export function scopesOf({ recurrenceId, object }: CalendarEvent): readonly Scope[] {
  if (recurrenceId === undefined) return ['all']
  const isFirst = recurrenceId <= String(object.content.start ?? '')
  return isFirst ? ['this', 'all'] : SCOPES
}
