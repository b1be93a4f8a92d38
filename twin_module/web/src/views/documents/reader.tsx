/** A text as it is read; of a long one, the beginning at first. */

import { useEffect, useMemo, useState } from 'preact/hooks'
import { Markdown } from '../../parts/markdown'
import { t } from '../../texts/texts'
import { pieces } from './reading'

/** Letters that are drawn at once. */
const AT_ONCE = 60_000

interface ReaderProps {
  text: string
  /** What happens when the task in a line is ticked, by the number of the line. */
  onTick?: ((line: number) => void) | undefined
  /** Whether all of it is wanted, as on paper. */
  all?: boolean
}

export function Reader({ text, onTick, all = false }: ReaderProps) {
  const [shown, setShown] = useState(1)
  const cut = useMemo(() => pieces(text, AT_ONCE), [text])
  const parts = all ? cut : cut.slice(0, shown)
  if (text.trim() === '') return <p class="empty">{t('documents.empty')}</p>
  return (
    <>
      {parts.map((piece) => (
        <Markdown
          key={piece.line}
          text={piece.text}
          onTick={onTick && ((line) => onTick(piece.line + line))}
        />
      ))}
      {parts.length < cut.length && (
        <button type="button" class="no-print" onClick={() => setShown(shown + 1)}>
          {t('documents.read-on', { percent: Math.round((100 * letters(parts)) / text.length) })}
        </button>
      )}
    </>
  )
}

const letters = (parts: readonly { text: string }[]): number => parts.reduce((sum, { text }) => sum + text.length, 0)

/** Tells whether the page is being printed: on paper all of a text is drawn, and nothing else. */
export function usePrinting(): boolean {
  const [printing, setPrinting] = useState(false)
  useEffect(() => {
    const stop = new AbortController()
    const paper = matchMedia('print')
    paper.addEventListener('change', () => setPrinting(paper.matches), stop)
    addEventListener('beforeprint', () => setPrinting(true), stop)
    addEventListener('afterprint', () => setPrinting(false), stop)
    return () => stop.abort()
  }, [])
  return printing
}
