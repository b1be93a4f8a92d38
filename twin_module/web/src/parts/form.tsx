/** Forms: a field with its label, and a form that shows what the twin says to it. */

import type { ComponentChildren, JSX } from 'preact'
import { useId, useState } from 'preact/hooks'
import { Away, Refused } from '../twin/api'
import { t } from '../texts/texts'

interface FieldProps {
  label: string
  hint?: string | undefined
  children: (ids: { id: string; 'aria-describedby'?: string }) => ComponentChildren
}

/** A label, what is typed into, and a hint; the child gets the IDs that tie them together. */
export function Field({ label, hint, children }: FieldProps) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children(hint === undefined ? { id } : { id, 'aria-describedby': `${id}-hint` })}
      {hint !== undefined && (
        <span class="hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
    </div>
  )
}

/** Returns a sentence for a person about what went wrong. */
export function sentence(error: unknown): string {
  if (error instanceof Refused) {
    const fault = error.status >= 500 || error.message === ''
    return fault ? t('error.failed', { status: error.status }) : error.message
  }
  if (error instanceof Away) return error.said || t('error.away')
  console.error(error)
  return t('error.unknown')
}

interface FormProps {
  submit: string
  onSubmit: (data: FormData) => Promise<void> | void
  onCancel?: (() => void) | undefined
  children: ComponentChildren
}

/** A form whose button is busy while it is sent, and which keeps what was typed when it is refused. */
export function Form({ submit, onSubmit, onCancel, children }: FormProps) {
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const send = async (event: JSX.TargetedSubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault()
    if (busy) return
    const data = new FormData(event.currentTarget)
    setBusy(true)
    setProblem('')
    try {
      await onSubmit(data)
    } catch (error) {
      setProblem(sentence(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form class="form" onSubmit={(event) => void send(event)}>
      {children}
      <div role="alert">{problem !== '' && <p class="note bad">{problem}</p>}</div>
      <div class="actions end">
        {onCancel && (
          <button type="button" class="quiet" onClick={onCancel}>
            {t('cancel')}
          </button>
        )}
        <button type="submit" class="main" aria-disabled={busy}>
          {busy && <span class="busy" aria-hidden="true" />}
          {submit}
        </button>
      </div>
    </form>
  )
}

export const text = (data: FormData, name: string): string => String(data.get(name) ?? '').trim()
