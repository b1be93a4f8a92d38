/** A button for what takes a moment. */

import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { sentence } from './form'
import { say } from './frame'

interface DoProps {
  onDo: () => Promise<void>
  label?: string
  main?: boolean
  children: ComponentChildren
}

/** A button that is busy as long as what it asks for takes, and says when the twin refuses. */
export function Do({ onDo, label, main = false, children }: DoProps) {
  const [busy, setBusy] = useState(false)
  const run = async (): Promise<void> => {
    if (busy) return
    setBusy(true)
    try {
      await onDo()
    } catch (error) {
      say(sentence(error), { bad: true })
    } finally {
      setBusy(false)
    }
  }
  return (
    <button type="button" class={main ? 'main' : ''} aria-label={label} aria-disabled={busy} onClick={() => void run()}>
      {busy && <span class="busy" aria-hidden="true" />}
      {children}
    </button>
  )
}
