/** A text to write, to read, or both side by side; on a phone one at a time. */

import { useRef, useState } from 'preact/hooks'
import { BookOpen, Columns2, PenLine } from 'lucide-preact'
import { Icon } from '../../parts/icons'
import { Later, later } from '../../parts/later'
import { t } from '../../texts/texts'
import type { LiveText } from '../../twin/live-text'
import { Reader } from './reader'
import { tick } from './reading'
import { Standing } from './standing'

type View = 'write' | 'both' | 'read'

const VIEWS = [
  ['write', PenLine],
  ['both', Columns2],
  ['read', BookOpen],
] as const
const CHOICE = 'twin-document-view'
/** As in the style: too narrow for two sheets. */
const NARROW = '(max-width: 47.5em)'

// Who only reads never fetches the editor.
const Writing = later(async () => (await import('./writing')).Writing)

export function Sheet({ live, text, printing }: { live: LiveText; text: string; printing: boolean }) {
  const [view, setView] = useState<View>(chosen)
  const left = useRef<HTMLDivElement>(null)
  const right = useRef<HTMLDivElement>(null)

  function show(wanted: View): void {
    localStorage.setItem(CHOICE, wanted)
    setView(wanted)
  }

  function follow(): void {
    const [from, to] = [left.current, right.current]
    if (from === null || to === null) return
    const part = from.scrollTop / Math.max(1, from.scrollHeight - from.clientHeight)
    to.scrollTop = part * (to.scrollHeight - to.clientHeight)
  }

  return (
    <>
      <div class="spread no-print">
        <div class="actions" role="group" aria-label={t('documents.view')}>
          {VIEWS.map(([each, icon]) => (
            <button key={each} type="button" class={`view-${each}`} aria-pressed={view === each} onClick={() => show(each)}>
              <Icon of={icon} />
              {t(`documents.view.${each}`)}
            </button>
          ))}
        </div>
        <Standing live={live} writing />
      </div>
      <div class={`sheets ${view}`}>
        {view !== 'read' && (
          <div ref={left} class="card sheet write no-print" onScroll={follow}>
            <Later>
              <Writing key={live.doc.clientID} live={live} />
            </Later>
          </div>
        )}
        {(view !== 'write' || printing) && (
          <div
            ref={right}
            class="card sheet paper"
            role="region"
            aria-label={t('documents.preview')}
            tabIndex={view === 'both' ? 0 : undefined}
          >
            <Reader text={text} all={printing} onTick={(line) => ticked(live, text, line)} />
          </div>
        )}
      </div>
    </>
  )
}

function chosen(): View {
  const said = localStorage.getItem(CHOICE)
  if (said === 'both' && !matchMedia(NARROW).matches) return 'both'
  return said === 'read' ? 'read' : 'write'
}

/** Ticks a task, if its line is still as it was drawn. */
function ticked(live: LiveText, drawn: string, line: number): void {
  const now = live.text.toString()
  const found = tick(now, line)
  const before = tick(drawn, line)
  if (found === undefined || before === undefined || found.insert !== before.insert) return
  live.doc.transact(() => {
    live.text.delete(found.at, 1)
    live.text.insert(found.at, found.insert)
  })
}
