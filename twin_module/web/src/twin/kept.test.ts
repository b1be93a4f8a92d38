import 'fake-indexeddb/auto'
import { beforeEach, expect, test } from 'vitest'
import { KeptEdits, type Kept } from './kept'

const PLACE = { room_id: '!room', capability: 'docs', uid: 'minutes' }
const OTHER = { ...PLACE, uid: 'other' }

function edit(at: number, more: Partial<Kept> = {}): Kept {
  return { owner: '@alice:example.org', place: PLACE, at, update: new Uint8Array([at]), whole: false, ...more }
}

let kept: KeptEdits

beforeEach(async () => {
  kept = new KeptEdits()
  for (const owner of ['@alice:example.org', '@bob:example.org']) await kept.clear(owner)
})

test('edits come back in the order in which they were made, of one document and one person alone', async () => {
  expect(await kept.keep('b', edit(2))).toBe(true)
  await kept.keep('a', edit(1))
  await kept.keep('c', edit(3, { place: OTHER }))
  await kept.keep('d', edit(4, { owner: '@bob:example.org' }))
  expect((await kept.of('@alice:example.org', PLACE)).map(([id]) => id)).toEqual(['a', 'b'])
  expect(await kept.places('@alice:example.org')).toEqual([PLACE, OTHER])
})

test('what the twin has is forgotten, and the rest stays', async () => {
  await kept.keep('a', edit(1))
  await kept.keep('b', edit(2))
  await kept.forget(['a'])
  expect((await kept.of('@alice:example.org', PLACE)).map(([id]) => id)).toEqual(['b'])
})

test('who signs out leaves nothing behind, and takes nothing of others away', async () => {
  await kept.keep('a', edit(1))
  await kept.keep('b', edit(2, { owner: '@bob:example.org' }))
  await kept.clear('@alice:example.org')
  expect(await kept.places('@alice:example.org')).toEqual([])
  expect(await kept.places('@bob:example.org')).toEqual([PLACE])
})
