/** The owner's own answer to an invitation: to come, perhaps, or not. */

import { useState } from 'preact/hooks'
import { Check, CircleHelp, X } from 'lucide-preact'
import type { LucideIcon } from 'lucide-preact'
import { sentence } from '../../parts/form'
import { say } from '../../parts/frame'
import { Icon } from '../../parts/icons'
import { clean } from '../../parts/names'
import { t } from '../../texts/texts'
import type { TwinObject } from '../../twin/types'
import { answer } from './acts'
import { GIVEN, type Given } from './given'

const ICONS: Readonly<Record<Given, LucideIcon>> = { accepted: Check, tentative: CircleHelp, declined: X }

interface OwnAnswerProps {
  place: Pick<TwinObject, 'room_id' | 'uid'>
  title: string
  /** What was answered so far. */
  given: string | undefined
  /** Runs when the twin has taken an answer. */
  onAnswered?: () => void
}

export function OwnAnswer({ place, title, given, onAnswered }: OwnAnswerProps) {
  // What was just answered shows until the twin tells it.
  const [busy, setBusy] = useState<Given>()
  const [said, setSaid] = useState<{ before: string | undefined; now: Given }>()
  const chosen = said !== undefined && said.before === given ? said.now : given

  async function choose(status: Given): Promise<void> {
    if (busy !== undefined) return
    setBusy(status)
    try {
      await answer(place, title, status)
      setSaid({ before: given, now: status })
      onAnswered?.()
    } catch (error) {
      say(sentence(error), { bad: true })
    } finally {
      setBusy(undefined)
    }
  }

  return (
    <div class="actions answers" role="group" aria-label={t('agenda.answer.own', { title: clean(title) })}>
      {GIVEN.map((status) => (
        <button
          key={status}
          type="button"
          aria-pressed={chosen === status}
          aria-disabled={busy !== undefined}
          onClick={() => void choose(status)}
        >
          {busy === status ? <span class="busy" aria-hidden="true" /> : <Icon of={ICONS[status]} />}
          {t(`agenda.answer.give.${status}`)}
        </button>
      ))}
    </div>
  )
}
