import { afterEach, expect, test } from 'vitest'
import { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { cursors, present, presented } from './present'

const doc = new Y.Doc()
const text = doc.getText('text')
text.insert(0, 'We meet at nine.')
const awareness = new Awareness(doc)

afterEach(() => awareness.states.clear())

/** Puts in what another editor says, which may be anything. */
const says = (client: number, state: unknown): unknown => awareness.states.set(client, state as Record<string, unknown>)
const at = (place: number): unknown => Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(text, place))

test('others have a name, a colour that is theirs, and a cursor', () => {
  awareness.setLocalState({ user: presented('Alice', '@alice:example.org') })
  says(7, { user: presented('Bob', '@bob:example.org'), cursor: { anchor: at(3), head: at(7) } })
  const [bob, ...more] = cursors(awareness, text)
  expect(more).toEqual([])
  expect(bob).toMatchObject({ client: 7, name: 'Bob', id: '@bob:example.org', anchor: 3, head: 7 })
  expect(bob!.hue).toBe(present(awareness)[0]!.hue)
})

test('whatever an editor says, nothing breaks', () => {
  const odd = [null, 7, 'text', [], { user: null }, { user: 'Eve' }, { user: { name: 3 } }, { cursor: {} }]
  odd.forEach((state, client) => says(client + 1, state))
  says(20, { user: { name: 'Eve' }, cursor: { anchor: [], head: { type: 'x', item: { client: 'y' } } } })
  says(21, { user: { name: 'Eve' }, cursor: { anchor: { tname: 'elsewhere' }, head: { tname: 'elsewhere' } } })
  expect(cursors(awareness, text)).toEqual([])
  expect(present(awareness).map(({ client }) => client)).toContain(20)
})

test('a name shows no marks that turn its direction, and is not endless', () => {
  says(1, { user: { name: `\u202e${'x'.repeat(5000)}` } })
  expect(present(awareness)[0]!.name).toBe(`${'x'.repeat(40)}…`)
})
