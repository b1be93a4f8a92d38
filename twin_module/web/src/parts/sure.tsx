/** A button for what can't be taken back: the first press says what it means, the second does it. */

import { useState } from 'preact/hooks'
import { t } from '../texts/texts'
import { sentence } from './form'

interface SureProps {
  /** What it is called before anybody is asked. */
  children: string
  /** The same for who does not see what it stands beside. */
  label?: string
  /** What it means. */
  means: string
  /** What the second press is called. */
  sure: string
  onDo: () => Promise<void>
}

export function Sure({ children, label, means, sure, onDo }: SureProps) {
  const [asking, setAsking] = useState(false)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')

  async function run(): Promise<void> {
    if (busy) return
    setBusy(true)
    setProblem('')
    try {
      await onDo()
      setAsking(false)
    } catch (error) {
      setProblem(sentence(error))
    } finally {
      setBusy(false)
    }
  }

  return (
    <div class={`sure ${asking ? 'asking' : ''}`}>
      <div role="alert">
        {problem !== '' && <p class="note bad">{problem}</p>}
        {asking && problem === '' && <p class="note warn">{means}</p>}
      </div>
      <div class="actions end">
        {asking && (
          <button type="button" class="quiet" onClick={() => setAsking(false)}>
            {t('cancel')}
          </button>
        )}
        {/* One button with two steps, so that the focus stays where it is. */}
        <button
          type="button"
          class="bad"
          aria-label={asking ? undefined : label}
          aria-disabled={busy}
          onClick={() => (asking ? void run() : setAsking(true))}
        >
          {busy && <span class="busy" aria-hidden="true" />}
          {asking ? sure : children}
        </button>
      </div>
    </div>
  )
}
