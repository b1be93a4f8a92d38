/** The editor's toolbar: one stop for Tab, arrow keys inside (ARIA's toolbar pattern). */

import { useRef, useState } from 'preact/hooks'
import {
  Bold,
  Code,
  Heading,
  Italic,
  Link,
  List,
  ListChecks,
  ListOrdered,
  Quote,
  Redo2,
  Undo2,
  type LucideIcon,
} from 'lucide-preact'
import { Icon } from '../../parts/icons'
import { t, type Key } from '../../texts/texts'
import type { Format } from './format'

/** Keys as CodeMirror writes them. */
export const KEYS: readonly { format: Format; icon: LucideIcon; key: string }[] = [
  { format: 'bold', icon: Bold, key: 'Mod-b' },
  { format: 'italic', icon: Italic, key: 'Mod-i' },
  { format: 'heading', icon: Heading, key: 'Mod-Shift-1' },
  { format: 'list', icon: List, key: 'Mod-Shift-8' },
  { format: 'numbers', icon: ListOrdered, key: 'Mod-Shift-7' },
  { format: 'checklist', icon: ListChecks, key: 'Mod-Shift-9' },
  { format: 'quote', icon: Quote, key: 'Mod-Shift-.' },
  { format: 'code', icon: Code, key: 'Mod-e' },
  { format: 'link', icon: Link, key: 'Mod-k' },
]

interface Tool {
  name: Key
  icon: LucideIcon
  key: string
  run: () => void
}

interface ToolbarProps {
  onFormat: (format: Format) => void
  onUndo: () => void
  onRedo: () => void
}

export function Toolbar({ onFormat, onUndo, onRedo }: ToolbarProps) {
  const [current, setCurrent] = useState(0)
  const bar = useRef<HTMLDivElement>(null)
  const tools: Tool[] = [
    ...KEYS.map(({ format, icon, key }) => ({
      name: `documents.format.${format}` as const,
      icon,
      key,
      run: () => onFormat(format),
    })),
    { name: 'undo', icon: Undo2, key: 'Mod-z', run: onUndo },
    { name: 'documents.redo', icon: Redo2, key: 'Mod-Shift-z', run: onRedo },
  ]

  function keys(event: KeyboardEvent): void {
    const next = { ArrowRight: current + 1, ArrowLeft: current - 1, Home: 0, End: -1 }[event.key]
    if (next === undefined) return
    event.preventDefault()
    const place = (next + tools.length) % tools.length
    setCurrent(place)
    bar.current?.querySelectorAll('button')[place]?.focus()
  }

  return (
    <div ref={bar} class="toolbar" role="toolbar" aria-label={t('documents.format')} onKeyDown={keys}>
      {tools.map(({ name, icon, key, run }, place) => (
        <button
          key={name}
          type="button"
          class="quiet icon-only"
          aria-label={t(name)}
          aria-keyshortcuts={shortcut(key, 'Control', 'Meta', '+')}
          title={`${t(name)} (${isMac ? shortcut(key, 'Ctrl', '⌘', '') : shortcut(key, 'Ctrl', '⌘', '+')})`}
          tabIndex={place === current ? 0 : -1}
          onFocus={() => setCurrent(place)}
          onClick={run}
        >
          <Icon of={icon} />
        </button>
      ))}
    </div>
  )
}

const isMac = /Mac|iP(hone|ad)/.test(navigator.platform)

function shortcut(key: string, other: string, mac: string, join: string): string {
  return key
    .split('-')
    .map((part) => (part === 'Mod' ? (isMac ? mac : other) : part.length === 1 ? part.toUpperCase() : part))
    .join(join)
}
