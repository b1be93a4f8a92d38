/** When a task is due: the browser's own fields for a day and a time, in the time zone of whoever looks. */

import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { X } from 'lucide-preact'
import { here, localDateTime } from '../../dates'
import { Icon } from '../../parts/icons'
import { t } from '../../texts/texts'
import { elsewhere } from './facts'
import type { Due } from './task'

/** While somebody types a year, it is 2, 20 and 202 in turn. */
const FIRST_DAY = '1900-01-01'
const LAST_DAY = '9999-12-31'
const PAUSE_MS = 800

interface DueFieldProps {
  due: Due | undefined
  onSave: (day: string, time: string) => void
}

export function DueField({ due, onSave }: DueFieldProps) {
  const id = useId()
  const day = useRef<HTMLInputElement>(null)
  const local = due ? localDateTime(new Date(due.at)) : ''
  const shown = { day: local.slice(0, 10), time: due && !due.dayOnly ? local.slice(11, 16) : '' }
  const [draft, setDraft] = useState<typeof shown>()
  const said = draft ?? shown

  const save = (): void => {
    if (draft === undefined) return
    // A time alone waits for its day.
    const cleared = draft.day === '' && shown.day !== '' && day.current?.validity.badInput !== true
    const fits = draft.day >= FIRST_DAY && draft.day.length === FIRST_DAY.length
    if (!fits && !cleared) return
    if (draft.day !== shown.day || draft.time !== shown.time) onSave(draft.day, draft.time)
    setDraft(undefined)
  }
  const latest = useRef(save)
  latest.current = save
  useEffect(() => {
    // A day that was picked is saved without leaving the field: nobody expects to have to.
    const timer = setTimeout(() => latest.current(), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [draft])
  useEffect(() => () => latest.current(), [])

  const there = due && elsewhere(due)
  return (
    <div class="field" role="group" aria-labelledby={`${id}-group`}>
      <span class="label" id={`${id}-group`}>
        {t('tasks.field.due')}
      </span>
      <div class="due-fields">
        <input
          ref={day}
          type="date"
          aria-label={t('tasks.field.due-day')}
          value={said.day}
          min={FIRST_DAY}
          max={LAST_DAY}
          onInput={({ currentTarget }) => setDraft({ ...said, day: currentTarget.value })}
          onBlur={save}
        />
        <input
          type="time"
          aria-label={t('tasks.field.due-time')}
          value={said.time}
          onInput={({ currentTarget }) => setDraft({ ...said, time: currentTarget.value })}
          onBlur={save}
        />
        {due && (
          <button
            type="button"
            class="quiet icon-only"
            aria-label={t('tasks.field.due-none')}
            title={t('tasks.field.due-none')}
            onClick={() => {
              onSave('', '')
              day.current?.focus()
            }}
          >
            <Icon of={X} />
          </button>
        )}
      </div>
      <span class="hint">{there ?? t('tasks.field.due-hint', { zone: here().replaceAll('_', ' ') })}</span>
    </div>
  )
}
