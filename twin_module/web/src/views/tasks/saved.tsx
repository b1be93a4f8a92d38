/**
 * Fields that save themselves when one leaves them. What others change meanwhile shows at once in fields that
 * nobody is typing in; in one where somebody is, they are told.
 */

import { useEffect, useRef, useState } from 'preact/hooks'
import { Field } from '../../parts/form'
import { t } from '../../texts/texts'

interface SavedTextProps {
  label: string
  value: string
  max: number
  lines?: boolean
  /** Whether it may be empty; else an empty one goes back to what it was. */
  needed?: boolean
  hint?: string
  onSave: (value: string) => void
}

export function SavedText({ label, value, max, lines = false, needed = false, hint, onSave }: SavedTextProps) {
  const [draft, setDraft] = useState<{ text: string; before: string }>()
  const latest = useRef(() => {})
  latest.current = () => {
    if (draft === undefined) return
    const text = lines ? draft.text : draft.text.trim()
    if (text !== value && !(needed && text === '')) onSave(text)
    setDraft(undefined)
  }
  useEffect(() => {
    const hidden = (): void => {
      if (document.visibilityState === 'hidden') latest.current()
    }
    document.addEventListener('visibilitychange', hidden)
    return () => {
      document.removeEventListener('visibilitychange', hidden)
      latest.current()
    }
  }, [])
  const shared = {
    value: draft?.text ?? value,
    maxLength: max,
    onInput: ({ currentTarget }: { currentTarget: HTMLInputElement | HTMLTextAreaElement }) =>
      setDraft({ text: currentTarget.value, before: draft?.before ?? value }),
    onBlur: () => latest.current(),
  }
  return (
    <Field label={label} hint={hint}>
      {(ids) => (
        <>
          {lines ? (
            <textarea {...ids} {...shared} />
          ) : (
            <input {...ids} {...shared} onKeyDown={(event) => event.key === 'Enter' && latest.current()} />
          )}
          {draft !== undefined && draft.before !== value && (
            <div class="note warn" role="status">
              <p>{t('tasks.meanwhile')}</p>
              <button
                type="button"
                onPointerDown={(event) => event.preventDefault()}
                onClick={() => setDraft(undefined)}
              >
                {t('tasks.meanwhile.take')}
              </button>
            </div>
          )}
        </>
      )}
    </Field>
  )
}

interface SavedNumberProps {
  label: string
  value: number | undefined
  max: number
  onSave: (value: number | null) => void
}

export function SavedNumber({ label, value, max, onSave }: SavedNumberProps) {
  const [draft, setDraft] = useState<string>()
  const save = (): void => {
    if (draft === undefined) return
    const said = draft === '' ? null : Math.round(Math.min(max, Math.max(0, Number(draft))))
    if (said !== (value ?? null)) onSave(said)
    setDraft(undefined)
  }
  return (
    <Field label={label}>
      {(ids) => (
        <input
          {...ids}
          type="number"
          inputMode="numeric"
          min={0}
          max={max}
          step={1}
          value={draft ?? value ?? ''}
          onInput={({ currentTarget }) => setDraft(currentTarget.value)}
          onBlur={save}
          onKeyDown={(event) => event.key === 'Enter' && save()}
        />
      )}
    </Field>
  )
}
