import { expect, test } from 'vitest'
import type { Content, Json, Schema } from '../../twin/types'
import { blank, drafted, patch, read, row, type Draft } from './draft'
import { fieldsOf } from './schema'

const BOOKMARK: Schema = {
  properties: {
    '@type': { const: 'Bookmark' },
    title: { type: 'string', minLength: 1, maxLength: 5 },
    url: { type: 'string', pattern: '^https?://\\S+$' },
    stars: { type: 'integer', minimum: 0, maximum: 5 },
    keywords: {
      type: 'object',
      maxProperties: 2,
      propertyNames: { maxLength: 5 },
      additionalProperties: { const: true },
    },
    prices: { type: 'object', additionalProperties: { type: 'integer' } },
    lines: { type: 'array', items: { type: 'string', maxLength: 9 }, uniqueItems: true, minItems: 1 },
    seen: { type: 'boolean' },
    at: { type: 'string', format: 'date-time' },
    due: { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}$' },
    by: {
      type: 'object',
      properties: { name: { type: 'string', maxLength: 9 }, kind: { const: 'Person' } },
      required: ['name', 'kind'],
    },
    any: {},
  },
  required: ['@type', 'title', 'url'],
}
const FIELDS = fieldsOf(BOOKMARK)
const NEEDED = { title: 'Bread', url: 'https://example.org' }

function typed(draft: { [name: string]: Draft }, before?: Content) {
  return read(FIELDS, { ...blank(FIELDS), ...draft }, before)
}

test('only what is filled in is written, and what is fixed of itself', () => {
  expect(typed(NEEDED)).toEqual({ content: { '@type': 'Bookmark', ...NEEDED }, wrong: [] })
})

test('all kinds of fields are read as values', () => {
  const { content, wrong } = typed({
    ...NEEDED,
    stars: '3',
    keywords: [row('', 'a'), row('', ' b '), row('', '')],
    prices: [row('cash', '12'), row('', '')],
    lines: [row('', 'one')],
    seen: false,
    due: '2026-12-24T18:00',
    by: { name: 'Bob' },
    any: '{"a": [1]}',
  })
  expect(wrong).toEqual([])
  expect(content).toMatchObject({
    stars: 3,
    keywords: { a: true, b: true },
    prices: { cash: 12 },
    lines: ['one'],
    seen: false,
    due: '2026-12-24T18:00:00',
    by: { name: 'Bob', kind: 'Person' },
    any: { a: [1] },
  })
})

test.each<[string, { [name: string]: Draft }, string, string]>([
  ['nothing where something is needed', { title: ' ' }, '/title', 'required'],
  ['too long', { title: 'Breads' }, '/title', 'long'],
  ['a program as an address', { url: 'javascript:alert(1)' }, '/url', 'form'],
  ['a word as a number', { stars: 'many' }, '/stars', 'number'],
  ['part of a number', { stars: '1,5' }, '/stars', 'whole'],
  ['too much', { stars: '6' }, '/stars', 'most'],
  ['too little', { stars: '-1' }, '/stars', 'least'],
  ['too many words', { keywords: ['a', 'b', 'c'].map((word) => row('', word)) }, '/keywords', 'many'],
  ['a word that is too long', { keywords: [row('', 'letters')] }, '/keywords', 'long'],
  ['a name twice', { prices: [row('a', '1'), row('a', '2')] }, '/prices', 'twice'],
  ['a name without a value', { prices: [row('a', '')] }, '/prices/a', 'required'],
  ['a value twice', { lines: [row('', 'a'), row('', 'a')] }, '/lines', 'twice'],
  ['no JSON', { any: '{' }, '/any', 'json'],
])('what does not fit is told with its place: %s', (_, draft, path, what) => {
  expect(typed({ ...NEEDED, ...draft }).wrong).toEqual([expect.objectContaining({ path, what })])
})

test('a group that is begun needs what is needed in it', () => {
  expect(typed({ ...NEEDED, by: { name: '' } }).wrong).toEqual([])
  expect(typed({ ...NEEDED, by: { name: '' } }, { by: { name: 'Bob', kind: 'Person' } }).wrong).toEqual([
    { path: '/by/name', what: 'required' },
  ])
})

test('an unchanged form changes nothing, not even what it does not know', () => {
  const before: Content = {
    '@type': 'Bookmark',
    title: 'Bread',
    url: 'https://example.org',
    keywords: { a: true },
    lines: [],
    at: '2026-12-24T18:00:42Z',
    by: { name: 'Bob', kind: 'Person', more: 1 },
    colour: 'red',
    seen: null,
  }
  const draft = Object.fromEntries(FIELDS.map((field) => [field.name, drafted(field, before[field.name])]))
  const { content, wrong } = read(FIELDS, draft, before)
  expect(wrong).toEqual([])
  expect(patch(before, content)).toEqual({})
})

test('a patch names only what changed, and takes away by null', () => {
  expect(patch({ a: 1, b: { c: true, d: true }, e: [1] }, { a: 1, b: { d: true, f: true }, e: [2] })).toEqual({
    b: { c: null, f: true },
    e: [2],
  })
  expect(patch({ a: 1 }, {})).toEqual({ a: null })
})

test('a hostile name is a name like any other', () => {
  const { content } = typed({ ...NEEDED, prices: [row('__proto__', '1')] })
  expect(Object.keys(content.prices as Content)).toEqual(['__proto__'])
  expect(({} as Record<string, Json>).polluted).toBeUndefined()
})

test('whatever content has, a draft of it is made', () => {
  const values: Json[] = [null, 'text', 1, true, [], {}, [{}], { a: null }]
  for (const field of FIELDS) for (const value of values) expect(() => drafted(field, value)).not.toThrow()
})
