// One editor without a screen: yjs and y-websocket as they come from npm. It is told what to do
// by lines on its standard input, each a JSON object, and answers each with a line of JSON.
import { createInterface } from 'node:readline'
import WebSocket from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'

const doc = new Y.Doc()
const text = doc.getText('text')
let provider
const seen = { connections: 0, closed: null }

const does = {
  connect: ({ address, token }) => {
    provider = new WebsocketProvider(address, 'live', doc, {
      WebSocketPolyfill: WebSocket,
      params: { access_token: token },
      disableBc: true,
    })
    provider.on('status', ({ status }) => { seen.connections += status === 'connected' })
    provider.on('closed', (event) => { seen.closed = event })
  },
  type: ({ words, at }) => text.insert(at ?? text.length, words),
  delete: ({ at, length }) => text.delete(at, length),
  point: ({ state }) => provider.awareness.setLocalState(state),
  leave: () => provider.destroy(),
  look: () => ({
    text: text.toString(),
    synced: provider.synced,
    connections: seen.connections,
    closed: seen.closed && { code: seen.closed.code, reason: seen.closed.reason },
    others: [...provider.awareness.getStates()]
      .filter(([client, _]) => client !== doc.clientID)
      .map(([_, state]) => state),
  }),
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line)
  const found = does[asked.do](asked)
  process.stdout.write(`${JSON.stringify(found ?? {})}\n`)
}
process.exit(0)
