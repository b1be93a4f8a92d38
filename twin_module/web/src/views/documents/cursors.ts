/** Other people's cursors in the editor. Colours are classes: the page allows no inline styles. */

import { Annotation, type Extension, type Range } from '@codemirror/state'
import { Decoration, EditorView, ViewPlugin, WidgetType, type DecorationSet, type ViewUpdate } from '@codemirror/view'
import * as Y from 'yjs'
import { t } from '../../texts/texts'
import type { LiveText } from '../../twin/live-text'
import { cursors, type Cursor } from './present'

const moved = Annotation.define<true>()
const MOST = 50

export function othersCursors(live: LiveText): Extension {
  return [theme, ViewPlugin.define((view) => new Cursors(view, live), { decorations: (plugin) => plugin.decorations })]
}

class Cursors {
  decorations: DecorationSet

  constructor(
    readonly view: EditorView,
    readonly live: LiveText,
  ) {
    this.decorations = this.#drawn()
    live.awareness.on('change', this.#heard)
  }

  destroy(): void {
    this.live.awareness.off('change', this.#heard)
  }

  update(update: ViewUpdate): void {
    if (update.docChanged || update.selectionSet || update.focusChanged) this.#tell(update)
    if (update.docChanged || update.transactions.some((each) => each.annotation(moved))) this.decorations = this.#drawn()
  }

  #heard = ({ added, updated, removed }: Record<'added' | 'updated' | 'removed', number[]>): void => {
    const others = [...added, ...updated, ...removed].some((client) => client !== this.live.doc.clientID)
    if (others) this.view.dispatch({ annotations: moved.of(true) })
  }

  /** Tells the others where one writes, in the form that other bindings of Yjs read as well. */
  #tell({ view, state }: ViewUpdate): void {
    if (!view.hasFocus) return
    const { anchor, head } = state.selection.main
    const at = (place: number) => Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(this.live.text, place))
    const { awareness } = this.live
    const cursor = { anchor: at(anchor), head: at(head) }
    if (JSON.stringify(awareness.getLocalState()?.cursor) !== JSON.stringify(cursor))
      awareness.setLocalStateField('cursor', cursor)
  }

  #drawn(): DecorationSet {
    const { length } = this.view.state.doc
    const ranges: Range<Decoration>[] = []
    for (const each of cursors(this.live.awareness, this.live.text).slice(0, MOST)) {
      // For a moment the text and the editor may differ.
      const [from, to] = [Math.min(each.anchor, each.head, length), Math.min(Math.max(each.anchor, each.head), length)]
      if (from < to) ranges.push(Decoration.mark({ class: `chosen hue-${each.hue}` }).range(from, to))
      const side = each.head > each.anchor ? -1 : 1
      ranges.push(Decoration.widget({ side, widget: new Caret(each) }).range(Math.min(each.head, length)))
    }
    return Decoration.set(ranges, true)
  }
}

class Caret extends WidgetType {
  constructor(readonly cursor: Cursor) {
    super()
  }

  override eq({ cursor }: Caret): boolean {
    // Where it is counts too: a name shows anew when its cursor moves.
    return cursor.client === this.cursor.client && cursor.name === this.cursor.name && cursor.head === this.cursor.head
  }

  toDOM(): HTMLElement {
    const caret = document.createElement('span')
    caret.className = `caret hue-${this.cursor.hue}`
    caret.setAttribute('aria-hidden', 'true')
    // Not as text: it is no part of what is written, and nobody wants to copy it along.
    caret.dataset.name = this.cursor.name || t('documents.somebody')
    return caret
  }

  override ignoreEvent(): boolean {
    return true
  }
}

const hues = Object.fromEntries(
  Array.from({ length: 12 }, (_, number) => [`.hue-${number}`, { '--hue': String(number * 30) }]),
)

const theme = EditorView.baseTheme({
  ...hues,
  '.chosen': { backgroundColor: 'light-dark(hsl(var(--hue) 70% 80% / 60%), hsl(var(--hue) 50% 40% / 50%))' },
  '.caret': {
    position: 'relative',
    marginInline: '-1px',
    borderInlineStart: '2px solid light-dark(hsl(var(--hue) 70% 38%), hsl(var(--hue) 70% 70%))',
  },
  '.caret::before': {
    content: 'attr(data-name)',
    position: 'absolute',
    insetBlockEnd: '100%',
    insetInlineStart: '-2px',
    padding: '0 5px',
    borderRadius: '4px 4px 4px 0',
    background: 'light-dark(hsl(var(--hue) 70% 30%), hsl(var(--hue) 70% 80%))',
    color: 'light-dark(#ffffff, #101314)',
    font: '600 11px/16px system-ui, sans-serif',
    whiteSpace: 'nowrap',
    unicodeBidi: 'isolate',
    pointerEvents: 'none',
    userSelect: 'none',
    zIndex: '3',
    animation: 'fade 1s 4s both',
  },
  '.caret:hover::before': { animation: 'none' },
  '@keyframes fade': { to: { opacity: '0' } },
})
