import { expect, test } from 'vitest'
import { byWord, linesOf, parts, pathLabel } from './told'

test('a path is called as its fields are, and keys of maps as they are', () => {
  const schema = {
    properties: { timeZone: { type: 'string' }, keywords: { type: 'object', additionalProperties: { const: true } } },
  }
  expect(pathLabel(schema, '/timeZone')).toBe('Time zone')
  expect(pathLabel(schema, '/keywords/a~1b')).toBe('Keywords › a/b')
  expect(pathLabel(schema, '/newField')).toBe('New field')
  expect(parts('/~01')).toEqual(['~1'])
})

test('a unified diff is read line by line', () => {
  expect(linesOf('@@ -1,2 +1,2 @@\n same\n-old\n+new\n+')).toEqual([
    { kind: 'place', text: '@@ -1,2 +1,2 @@' },
    { kind: 'same', text: 'same' },
    { kind: 'removed', text: 'old' },
    { kind: 'added', text: 'new' },
    { kind: 'added', text: '' },
  ])
})

test('short texts are compared word by word, and both stay whole', () => {
  const [old, now] = byWord('buy white bread', 'buy bread now')
  expect(old.filter(({ differs }) => differs).map(({ text }) => text.trim())).toEqual(['white'])
  expect(now.filter(({ differs }) => differs).map(({ text }) => text.trim())).toEqual(['now'])
  expect(old.map(({ text }) => text).join('')).toBe('buy white bread')
  expect(now.map(({ text }) => text).join('')).toBe('buy bread now')
})

test('long texts are not compared word by word', () => {
  const long = 'word '.repeat(5000)
  expect(byWord(long, 'x')).toEqual([[{ text: long, differs: true }], [{ text: 'x', differs: true }]])
})
