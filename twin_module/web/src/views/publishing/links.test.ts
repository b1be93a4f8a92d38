import { expect, test } from 'vitest'
import type { Room } from '../../twin/types'
import { addressOf, endOf, isOf, mayPublish, type PublishedLink } from './links'

const task = { room_id: '!a', capability: 'tasks', uid: 'bread' }
const link: PublishedLink = { ...task, id: '1', title: 'Bread', made: 0, token: '1.x' }
const { capability: _, uid: __, ...whole } = link
const room = (more: Partial<Room>): Room => ({
  room_id: '!a',
  kind: 'collection',
  membership: 'join',
  name: null,
  topic: null,
  creator: null,
  role: 'owner',
  ...more,
})

test('a link of an object is none of its collection, nor the other way round', () => {
  expect(isOf(link, task)).toBe(true)
  expect(isOf(link, { room_id: '!a' })).toBe(false)
  expect(isOf(whole, task)).toBe(false)
  expect(isOf(whole, { room_id: '!a' })).toBe(true)
  expect(isOf(link, { ...task, uid: 'milk' })).toBe(false)
})

test('an address says where the twin is, and the token', () => {
  expect(addressOf('id.sig-_', 'https://alice.example')).toBe('https://alice.example/_synapse/client/twin/p/id.sig-_')
})

test('a link ends after what was chosen, or never', () => {
  expect(endOf('day', 1000)).toBe(86_401_000)
  expect(endOf('year', 0)).toBe(365 * 86_400_000)
  expect(endOf('never', 1000)).toBeUndefined()
})

test('only who made a room and its admins publish what is in it, and nobody a circle', () => {
  expect(mayPublish(room({}))).toBe(true)
  expect(mayPublish(room({ role: 'admin', kind: 'other' }), 'docs')).toBe(true)
  expect(mayPublish(room({ role: 'editor' }), 'docs')).toBe(false)
  expect(mayPublish(room({ kind: 'circle' }), 'circles')).toBe(false)
  expect(mayPublish(room({}), 'circles')).toBe(false)
  expect(mayPublish(undefined)).toBe(false)
})
