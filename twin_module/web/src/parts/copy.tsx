/** A button that copies a text. */

import { useEffect, useState } from 'preact/hooks'
import { Check, Copy } from 'lucide-preact'
import { t } from '../texts/texts'
import { Icon } from './icons'

const SAID_MS = 4000

interface CopyProps {
  text: string
  /** What is copied, for who does not see what it stands beside. */
  label: string
  main?: boolean
}

export function CopyButton({ text, label, main = false }: CopyProps) {
  const [result, setResult] = useState<'copied' | 'failed'>()
  useEffect(() => {
    if (result === undefined) return
    const timer = setTimeout(() => setResult(undefined), SAID_MS)
    return () => clearTimeout(timer)
  }, [result])
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text)
      setResult('copied')
    } catch {
      // Browsers have no clipboard for pages that came without encryption over a network.
      setResult('failed')
    }
  }
  return (
    <span class="row">
      <button type="button" class={main ? 'main' : ''} aria-label={label} onClick={() => void copy()}>
        <Icon of={result === 'copied' ? Check : Copy} />
        {t('copy')}
      </button>
      <span role="status" class="small soft copied">
        {result === 'copied' && t('copy.done')}
        {result === 'failed' && t('copy.failed')}
      </span>
    </span>
  )
}
