import { expect, test } from 'vitest'
import { Shelf } from './shelf'
import type { TwinObject } from './types'

const PLACE = { room_id: '!room', capability: 'tasks', uid: 'bread' }

function bread(title: string): TwinObject {
  return { ...PLACE, type: 'task', etag: `$${title}`, sender: '@alice:a', updated: 1, title, content: {} }
}

test('what the stream brings while something is read is not covered by the older answer', () => {
  const shelf = new Shelf()
  const answered = shelf.reading()
  shelf.hear(bread('New'))
  answered([bread('Old')])
  expect(shelf.get(PLACE)?.title).toBe('New')
})

test('what is removed while something is read does not come back', () => {
  const shelf = new Shelf()
  shelf.take([bread('Old')])
  const answered = shelf.reading()
  shelf.hear({ ...bread('Old'), removed: true })
  answered([bread('Old')])
  expect(shelf.get(PLACE)).toBeUndefined()
})

test('what is read after the stream brought something is newer', () => {
  const shelf = new Shelf()
  shelf.hear(bread('Old'))
  shelf.reading()([bread('New')])
  expect(shelf.get(PLACE)?.title).toBe('New')
})
