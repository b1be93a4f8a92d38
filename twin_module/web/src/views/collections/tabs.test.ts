import { expect, it } from 'vitest'
import type { Capability } from '../../twin/types'
import { calledAs, opening, tabsOf } from './tabs'

const capability = (name: string, events = 1): Capability => ({
  name,
  summary: '',
  commands: {},
  events: Array.from({ length: events }, () => ({
    type: `org.example.${name}`,
    summary: '',
    state_key: '',
    schema: {},
    example: {},
    filters: {},
  })),
})

it('tasks and documents stand in front, circles are elsewhere, all others follow', () => {
  const all = ['notes', 'circles', 'docs', 'attestations', 'tasks'].map((name) => capability(name))
  expect(tabsOf(all)).toEqual(['tasks', 'docs', 'notes', 'attestations'])
  expect(tabsOf([capability('docs'), capability('nothing', 0)])).toEqual(['docs'])
})

it('the first tab that has something opens, else the first', () => {
  expect(opening(['tasks', 'docs', 'notes'], new Set(['notes', 'docs']))).toBe('docs')
  expect(opening(['tasks', 'docs'], new Set())).toBe('tasks')
})

it('a capability that this page does not know has a name all the same', () => {
  expect(calledAs('reading-list')).toBe('Reading list')
})
