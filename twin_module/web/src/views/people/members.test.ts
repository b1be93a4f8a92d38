import { expect, it } from 'vitest'
import type { Member } from '../../twin/types'
import { declaredIn, membersOf } from './members'

const member = (user_id: string, membership: string, role: Member['role'] = 'viewer'): Member => ({
  user_id,
  membership,
  role,
  displayname: null,
})

const content = {
  '@type': 'Circle',
  name: 'Family',
  members: { '@bob:b': { role: 'editor', since: 1 }, '@carol:c': { role: 'admin', since: 1 } },
}

it('who made a circle stands in front, and whom it names may not be there yet', () => {
  const there = [member('@alice:a', 'join', 'owner'), member('@bob:b', 'invite'), member('@dora:d', 'leave')]
  expect(membersOf(declaredIn(content), there, '@alice:a')).toEqual([
    { user_id: '@alice:a', role: 'owner', membership: 'join', declared: false },
    { user_id: '@bob:b', role: 'editor', membership: 'invite', declared: true },
    { user_id: '@carol:c', role: 'admin', membership: 'leave', declared: true },
  ])
})

it('who came in by hand is shown too, also where the circle has ended', () => {
  const there = [member('@alice:a', 'join', 'owner'), member('@eve:e', 'join', 'editor'), member('@gone:g', 'ban')]
  expect(membersOf(declaredIn(undefined), there, '@alice:a').map((each) => [each.user_id, each.declared])).toEqual([
    ['@alice:a', false],
    ['@eve:e', false],
  ])
})

it('of what others declare, only what can be understood counts', () => {
  expect(declaredIn({ members: ['@bob:b'] })?.members).toEqual(new Map())
  expect(declaredIn({ members: { '@bob:b': 'admin', '@eve:e': { role: 'king' } } })?.members).toEqual(
    new Map([
      ['@bob:b', 'viewer'],
      ['@eve:e', 'viewer'],
    ]),
  )
})
