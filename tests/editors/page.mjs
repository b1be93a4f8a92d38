// A page with one of two editors, as it would stand on any web page: CodeMirror or ProseMirror,
// bound to a document at a twin by their usual bindings.
import { EditorState } from '@codemirror/state'
import { basicSetup, EditorView } from 'codemirror'
import { baseKeymap } from 'prosemirror-commands'
import { keymap } from 'prosemirror-keymap'
import { schema } from 'prosemirror-schema-basic'
import { EditorState as ProseState } from 'prosemirror-state'
import { EditorView as ProseView } from 'prosemirror-view'
import { yCollab } from 'y-codemirror.next'
import { yCursorPlugin, ySyncPlugin, yUndoPlugin } from 'y-prosemirror'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'

const place = document.querySelector('#editor')

function codemirror(doc, provider) {
  const text = doc.getText('text')
  return new EditorView({
    parent: place,
    state: EditorState.create({
      doc: text.toString(),
      extensions: [basicSetup, yCollab(text, provider.awareness)],
    }),
  })
}

function prosemirror(doc, provider) {
  const fragment = doc.getXmlFragment('prosemirror')
  const plugins = [
    ySyncPlugin(fragment),
    yCursorPlugin(provider.awareness),
    yUndoPlugin(),
    keymap(baseKeymap),
  ]
  return new ProseView(place, { state: ProseState.create({ schema, plugins }) })
}

window.open_editor = ({ kind, address, token, name }) => {
  const doc = new Y.Doc()
  const provider = new WebsocketProvider(address, 'live', doc, { params: { access_token: token } })
  provider.awareness.setLocalStateField('user', { name, color: '#30bced' })
  window.editor = (kind === 'codemirror' ? codemirror : prosemirror)(doc, provider)
  window.provider = provider
}
