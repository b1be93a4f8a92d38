import { expect, test } from 'vitest'
import type { Capability } from '../../twin/types'
import { bare, columnsOf, commandsOfList, commandsOfOne, filtersOf, isFree, unknown } from './declared'
import { capabilityName, fieldLabel, wordFor } from './names'
import { fieldsOf } from './schema'
import { isPlain, queryOf, sortsOf, USUAL } from './order'
import { reference, safeAddress } from './refers'

const word = { type: 'string', maxLength: 100 }
const BOOKMARKS: Capability = {
  name: 'bookmarks',
  summary: '',
  events: [
    {
      type: 'org.digitaltwin.bookmark',
      summary: '',
      state_key: '',
      schema: {
        properties: {
          '@type': { const: 'Bookmark' },
          title: word,
          url: { ...word, pattern: '^https?://\\S+$' },
          stars: { type: 'integer' },
          due: { type: 'string', format: 'date-time' },
          keywords: { type: 'object', additionalProperties: { const: true } },
        },
      },
      example: { title: 'x', url: 'https://example.org' },
      filters: { keyword: 'words', stars: 'number', due: 'word' },
    },
  ],
  commands: {
    add: { summary: '', arguments: { properties: { room_id: {}, title: word }, required: ['room_id', 'title'] } },
    rename: {
      summary: '',
      arguments: { properties: { room_id: {}, uid: word, title: word }, required: ['uid', 'title'] },
    },
    collect: { summary: '', arguments: { properties: { room_id: {}, uid: word }, required: ['room_id'] } },
    remove: { summary: '', arguments: { properties: { uid: word }, required: ['uid'] } },
  },
}
const without = (...names: string[]): Capability => ({
  ...BOOKMARKS,
  commands: Object.fromEntries(Object.entries(BOOKMARKS.commands).filter(([name]) => !names.includes(name))),
})

test('commands beyond making, changing and removing are offered where they belong', () => {
  expect(commandsOfOne(BOOKMARKS).map(({ name }) => name)).toEqual(['rename'])
  expect(commandsOfList(BOOKMARKS).map(({ name }) => name)).toEqual(['collect'])
})

test('a form makes objects, unless a command of their own does', () => {
  expect(isFree(BOOKMARKS)).toBe(true)
  expect(isFree(without('add'))).toBe(false)
  expect(isFree(without('add', 'collect'))).toBe(true)
})

test('a list shows what can be filtered first, and the title only once', () => {
  expect(columnsOf(BOOKMARKS).map((path) => path.at(-1)!.name)).toEqual(['keywords', 'stars', 'due', 'url'])
})

test('filters become a query; numbers and times are ranges', () => {
  const filters = filtersOf(BOOKMARKS)
  expect(filters.map(({ label }) => label)).toEqual(['Keyword', 'Stars', 'Due'])
  expect(sortsOf(filters)).toEqual(['-updated', 'title', 'stars', 'due'])
  const wanted = { sort: 'due', values: { keyword: ' a ', 'stars.from': '2', 'stars.to': '', 'due.to': '2026-12-24' } }
  expect(queryOf(filters, wanted)).toEqual({
    sort: 'due',
    keyword: 'a',
    'stars.gte': '2',
    'due.lte': '2026-12-24T23:59:59Z',
  })
  expect(isPlain(wanted)).toBe(false)
  expect(isPlain(USUAL)).toBe(true)
})

test('fields of newer versions are shown, the stamps of the twin are not', () => {
  const content = { title: 'x', colour: 'red', 'org.digitaltwin': { base: '$1' } }
  expect(unknown(fieldsOf(BOOKMARKS.events[0]!.schema), content)).toEqual([['colour', 'red']])
  expect(bare(content)).toEqual({ title: 'x', colour: 'red' })
})

test.each([
  ['@bob:example.org', { person: '@bob:example.org' }],
  ['matrix:u/bob:example.org', { person: '@bob:example.org' }],
  ['!room', { room: '!room' }],
  ['matrix:roomid/room/e/event?via=x', { room: '!room', event: '$event' }],
  ['matrix:u/%', undefined],
  ['matrix:r/name:example.org', undefined],
  ['bob', undefined],
  ['see @bob:example.org', undefined],
])('what a text refers to: %s', (text, found) => {
  expect(reference(text)).toEqual(found)
})

test.each([
  'javascript:alert(1)',
  'data:text/html,x',
  ' javascript:alert(1)',
  'java\nscript:alert(1)',
  'https',
  '//example.org',
  'vbscript:x',
])('a program is no address: %s', (text) => {
  expect(safeAddress(text)).toBeUndefined()
})

test('an address of the web is one', () => {
  expect(safeAddress('https://example.org/?a=b#c')).toBe('https://example.org/?a=b#c')
})

test('names that many capabilities use are words of the page, others their own', () => {
  expect(wordFor('timeZone', 'x')).toBe('Time zone')
  expect(wordFor('flavour', 'Flavour')).toBe('Flavour')
  expect(wordFor('toString', 'To string')).toBe('To string')
  expect(fieldLabel(fieldsOf({ properties: { title: { ...word, title: 'Headline' } } })[0]!)).toBe('Headline')
  expect(capabilityName('bookmarks')).toBe('Bookmarks')
  expect(capabilityName('docs')).toBe('Documents')
})
