/** The editor: Markdown as it is written, in a shadow root, where its styles need no inline ones. */

import { defaultKeymap } from '@codemirror/commands'
import { markdownKeymap, markdownLanguage, pasteURLAsLink } from '@codemirror/lang-markdown'
import { HighlightStyle, LanguageSupport, syntaxHighlighting } from '@codemirror/language'
import { EditorState, Prec, type Extension } from '@codemirror/state'
import { drawSelection, EditorView, highlightSpecialChars, keymap } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { useEffect, useRef, useState } from 'preact/hooks'
import { formatted } from './format'
import { KEYS, Toolbar } from './toolbar'

/** So much is pasted as one edit; the twin takes no message that is much longer. */
const MOST_AT_ONCE = 200_000

interface EditorProps {
  label: string
  /** The text at the beginning, when the editor opens. */
  text: () => string
  extensions: () => Extension
  undo: () => void
  redo: () => void
  /** Called before the text gets another format, which is undone by itself. */
  onFormat?: () => void
  autofocus?: boolean
  onView?: (view: EditorView) => void
}

export function Editor({ label, text, extensions, undo, redo, onFormat, autofocus = false, onView }: EditorProps) {
  const host = useRef<HTMLDivElement>(null)
  const [view, setView] = useState<EditorView>()
  useEffect(() => {
    const root = host.current!.shadowRoot ?? host.current!.attachShadow({ mode: 'open' })
    const made = new EditorView({
      root,
      parent: root,
      state: EditorState.create({ doc: text(), extensions: [extensions(), formatKeys(onFormat), basics(label)] }),
    })
    setView(made)
    onView?.(made)
    if (autofocus) made.focus()
    return () => made.destroy()
  }, [])
  return (
    <>
      <Toolbar
        onFormat={(format) => {
          onFormat?.()
          view?.dispatch(formatted(view.state, format))
          view?.focus()
        }}
        onUndo={() => {
          undo()
          view?.focus()
        }}
        onRedo={() => {
          redo()
          view?.focus()
        }}
      />
      <div ref={host} class="editor" />
    </>
  )
}

function basics(label: string): Extension {
  return [
    // All else stands in the text as a letter, or places in the editor and in the shared text would not be the same.
    EditorState.lineSeparator.of('\n'),
    EditorView.clipboardInputFilter.of((pasted) => pasted.replace(/\r\n?/g, '\n')),
    Prec.high(pasteInPieces),
    keymap.of([...markdownKeymap, ...defaultKeymap]),
    new LanguageSupport(markdownLanguage, pasteURLAsLink),
    syntaxHighlighting(highlights),
    highlightSpecialChars(),
    drawSelection(),
    EditorView.lineWrapping,
    EditorView.perLineTextDirection.of(true),
    EditorView.contentAttributes.of({
      'aria-label': label,
      spellcheck: 'true',
      autocorrect: 'on',
      autocapitalize: 'sentences',
    }),
    look,
  ]
}

function formatKeys(onFormat: (() => void) | undefined): Extension {
  const keys = KEYS.map(({ format, key }) => ({
    key,
    preventDefault: true,
    // The page has a use of its own for one of them.
    stopPropagation: true,
    run: (view: EditorView) => {
      onFormat?.()
      view.dispatch(formatted(view.state, format))
      return true
    },
  }))
  return Prec.high(keymap.of(keys))
}

const pasteInPieces = EditorView.domEventHandlers({
  paste(event, view) {
    const pasted = event.clipboardData?.getData('text/plain').replace(/\r\n?/g, '\n') ?? ''
    if (pasted.length <= MOST_AT_ONCE) return false
    for (let place = 0; place < pasted.length; place += MOST_AT_ONCE) {
      view.dispatch(view.state.replaceSelection(pasted.slice(place, place + MOST_AT_ONCE)), { userEvent: 'input.paste' })
    }
    return true
  },
})

const highlights = HighlightStyle.define([
  { tag: tags.heading1, fontWeight: '700', fontSize: '1.35em' },
  { tag: tags.heading2, fontWeight: '700', fontSize: '1.2em' },
  { tag: tags.heading, fontWeight: '700' },
  { tag: tags.strong, fontWeight: '700' },
  { tag: tags.emphasis, fontStyle: 'italic' },
  { tag: tags.strikethrough, textDecoration: 'line-through' },
  { tag: tags.monospace, fontFamily: 'ui-monospace, "Cascadia Code", Menlo, Consolas, monospace', fontSize: '0.92em' },
  { tag: [tags.link, tags.url], color: 'var(--accent)' },
  { tag: tags.quote, color: 'var(--soft)' },
  { tag: [tags.processingInstruction, tags.labelName, tags.contentSeparator], color: 'var(--soft)' },
])

const look = EditorView.theme({
  '&': { color: 'var(--ink)', backgroundColor: 'transparent', minHeight: 'inherit' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'inherit', lineHeight: '1.6', overflowX: 'clip', minHeight: 'inherit' },
  '.cm-content': { padding: '18px 0 32px', caretColor: 'var(--ink)', minHeight: 'inherit', boxSizing: 'border-box' },
  '.cm-line': { padding: '0 16px', unicodeBidi: 'plaintext', textAlign: 'start' },
  '.cm-cursor': { borderInlineStartColor: 'var(--ink)', borderInlineStartWidth: '2px' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    background: 'light-dark(#bfe3da, #2a5b51)',
  },
  '.cm-specialChar': { color: 'var(--bad)' },
})
