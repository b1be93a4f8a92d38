/** What the toolbar does to Markdown. Pure: each takes a state of the editor and returns what to change. */

import { EditorSelection, type ChangeSpec, type EditorState, type SelectionRange, type TransactionSpec } from '@codemirror/state'

export type Format = 'bold' | 'italic' | 'heading' | 'list' | 'numbers' | 'checklist' | 'quote' | 'code' | 'link'

const FENCE = '```'
const LAST_HEADING = 3
const ADDRESS = /^(?:https?:\/\/|mailto:)\S+$/
const MARKER = /^(\s*)(?:[-*+] \[[ xX]\] |[-*+] |\d{1,9}[.)] )?/

/** What a line of each kind begins with, behind its indent. */
const KINDS = { list: /^\s*[-*+] (?!\[[ xX]\] )/, numbers: /^\s*\d{1,9}[.)] /, checklist: /^\s*[-*+] \[[ xX]\] /, quote: /^> ?/ }

export function formatted(state: EditorState, format: Format): TransactionSpec {
  const change = CHANGES[format](state)
  return { ...change, scrollIntoView: true, userEvent: 'input.format' }
}

const CHANGES: Readonly<Record<Format, (state: EditorState) => TransactionSpec>> = {
  bold: (state) => wrapped(state, '**'),
  // Stars would be taken for half of a bold mark.
  italic: (state) => wrapped(state, '_'),
  heading,
  list: (state) => begun(state, 'list', () => '- '),
  numbers: (state) => begun(state, 'numbers', (place) => `${place + 1}. `),
  checklist: (state) => begun(state, 'checklist', () => '- [ ] '),
  quote: (state) => begun(state, 'quote', () => '> '),
  code: (state) => (isOnOneLine(state) ? wrapped(state, '`') : fenced(state)),
  link: linked,
}

function wrapped(state: EditorState, mark: string): TransactionSpec {
  return state.changeByRange((range) => {
    const { from, to } = trimmed(state, range)
    const [before, after] = [from - mark.length, to + mark.length]
    if (state.sliceDoc(Math.max(0, before), from) === mark && state.sliceDoc(to, after) === mark) {
      return {
        changes: [
          { from: before, to: from },
          { from: to, to: after },
        ],
        range: EditorSelection.range(before, to - mark.length),
      }
    }
    const inside = state.sliceDoc(from, to)
    if (inside.length > 2 * mark.length && inside.startsWith(mark) && inside.endsWith(mark)) {
      const bare = inside.slice(mark.length, -mark.length)
      return { changes: { from, to, insert: bare }, range: EditorSelection.range(from, from + bare.length) }
    }
    return {
      changes: [
        { from, insert: mark },
        { from: to, insert: mark },
      ],
      range: EditorSelection.range(from + mark.length, to + mark.length),
    }
  })
}

/** What is chosen without the blanks around it, which Markdown lets no mark stand beside; the word where nothing is. */
function trimmed(state: EditorState, range: SelectionRange): { from: number; to: number } {
  if (range.empty) return state.wordAt(range.head) ?? range
  const text = state.sliceDoc(range.from, range.to)
  if (text.trim() === '') return range
  return { from: range.from + (text.length - text.trimStart().length), to: range.to - (text.length - text.trimEnd().length) }
}

function linked(state: EditorState): TransactionSpec {
  return state.changeByRange((range) => {
    const { from, to } = trimmed(state, range)
    const inside = state.sliceDoc(from, to)
    if (ADDRESS.test(inside)) {
      return { changes: { from, to, insert: `[](${inside})` }, range: EditorSelection.cursor(from + 1) }
    }
    const insert = `[${inside}](https://)`
    return { changes: { from, to, insert }, range: EditorSelection.cursor(from + (inside === '' ? 1 : insert.length - 1)) }
  })
}

function fenced(state: EditorState): TransactionSpec {
  const lines = chosen(state)
  const [first, last] = [lines[0]!, lines.at(-1)!]
  const isFenced = first.text.startsWith(FENCE) && last.text.trim() === FENCE && lines.length > 2
  if (isFenced) {
    return moved(state, [
      { from: first.from, to: first.to + 1 },
      { from: last.from - 1, to: last.to },
    ])
  }
  return moved(state, [
    { from: first.from, insert: `${FENCE}\n` },
    { from: last.to, insert: `\n${FENCE}` },
  ])
}

function heading(state: EditorState): TransactionSpec {
  const lines = chosen(state)
  const now = /^(#{1,6}) /.exec(lines[0]!.text)?.[1]?.length ?? 0
  const mark = now >= LAST_HEADING ? '' : `${'#'.repeat(now + 1)} `
  return moved(
    state,
    lines.map(({ from, text }) => ({ from, to: from + (/^#{1,6} /.exec(text)?.[0].length ?? 0), insert: mark })),
  )
}

/** Lets each chosen line begin with a marker, or takes it away where all of them have it. */
function begun(state: EditorState, kind: keyof typeof KINDS, marker: (place: number) => string): TransactionSpec {
  const lines = chosen(state)
  const written = lines.length === 1 ? lines : lines.filter(({ text }) => text.trim() !== '')
  const has = written.every(({ text }) => KINDS[kind].test(text))
  return moved(
    state,
    written.map(({ from, text }, place) => {
      if (kind === 'quote') return has ? { from, to: from + KINDS.quote.exec(text)![0].length } : { from, insert: '> ' }
      const [whole, indent] = MARKER.exec(text)! as unknown as [string, string]
      return { from: from + indent.length, to: from + whole.length, insert: has ? '' : marker(place) }
    }),
  )
}

/** Applies changes so that a cursor at the beginning of a line stands behind what was put there. */
function moved(state: EditorState, specs: ChangeSpec[]): TransactionSpec {
  const changes = state.changes(specs)
  return { changes, selection: state.selection.map(changes, 1) }
}

/** Returns the lines that something of is chosen. */
function chosen(state: EditorState) {
  const { from, to } = state.selection.main
  const [first, last] = [state.doc.lineAt(from).number, state.doc.lineAt(to).number]
  return Array.from({ length: last - first + 1 }, (_, place) => state.doc.line(first + place))
}

const isOnOneLine = (state: EditorState): boolean => chosen(state).length === 1
