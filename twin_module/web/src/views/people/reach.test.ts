import { expect, it } from 'vitest'
import type { Because, Person } from '../../twin/types'
import { byCircle, byCollection, inOrder, isMeant, sharesOf, unanswered, without, type Reach } from './reach'

const reach = (room_id: string, because: Because[], kind = 'collection'): Reach => ({
  room_id,
  kind,
  name: room_id,
  role: 'viewer',
  membership: 'join',
  because,
})

const person = (user_id: string, circles: [string, string][], shared: [string, string][]): Person => ({
  user_id,
  displayname: null,
  circles: circles.map(([room_id, membership]) => ({ room_id, membership, name: null, role: 'editor' })),
  collections: shared.length,
  membership: 'join',
  shared: shared.map(([room_id, membership]) => ({ room_id, membership })),
})

it('who leaves a circle loses what they see through it alone', () => {
  const family = { circle: '!family', name: 'Family' }
  const reaches = [
    reach('!family', [family], 'circle'),
    reach('!home', [family]),
    reach('!trip', [family, { circle: '!friends', name: 'Friends' }]),
    reach('!work', [{ invited: true }]),
    reach('!list', [family, { invited: true }]),
  ]
  const { lost, kept } = without(reaches, '!family')
  expect(lost.map((each) => each.room_id)).toEqual(['!home'])
  expect(kept.map((each) => each.room_id)).toEqual(['!trip', '!list'])
})

it('collections stand in front of circles', () => {
  const reaches = [reach('!circle', [], 'circle'), reach('!trip', []), reach('!home', [])]
  expect(inOrder(reaches).map((each) => each.room_id)).toEqual(['!home', '!trip', '!circle'])
})

it('people are found by where they are', () => {
  const people = [
    person('@bob:b', [['!family', 'join']], [['!home', 'join']]),
    person('@carol:c', [['!family', 'leave']], [['!home', 'invite'], ['!trip', 'join']]),
  ]
  expect([...byCollection(people)]).toEqual([
    ['!home', ['@bob:b', '@carol:c']],
    ['!trip', ['@carol:c']],
  ])
  expect([...byCircle(people)]).toEqual([['!family', ['@bob:b', '@carol:c']]])
})

it('what a circle is shared stands together', () => {
  const shares = [
    { circle: '!a', room_id: '!1', role: 'viewer' as const },
    { circle: '!b', room_id: '!1', role: 'editor' as const },
    { circle: '!a', room_id: '!2', role: 'admin' as const },
  ]
  expect(sharesOf(shares).get('!a')?.map((each) => each.room_id)).toEqual(['!1', '!2'])
})

it('what nobody answered yet is told from what was answered', () => {
  expect(unanswered(person('@bob:b', [['!family', 'invite']], [['!home', 'join'], ['!trip', 'invite']]))).toEqual([
    '!family',
    '!trip',
  ])
})

it('who could not be asked yet has not answered either, but who left has', () => {
  const unreached = { ...person('@bob:b', [['!family', 'leave']], []), membership: 'invite' }
  expect(unanswered(unreached)).toEqual(['!family'])
  expect(unanswered({ ...unreached, membership: 'leave' })).toEqual([])
})

it('a person is found by name without its accents, and by Matrix ID', () => {
  expect(isMeant('zoe', 'Zoë', '@z:example.org')).toBe(true)
  expect(isMeant(' EXAMPLE.org ', 'Zoë', '@z:example.org')).toBe(true)
  expect(isMeant('bob', 'Zoë', '@z:example.org')).toBe(false)
})
