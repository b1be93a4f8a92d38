import { expect, test } from 'vitest'
import type { Schema } from '../../twin/types'
import { compiled, fieldsOf, located, own, readable, same, valueAt, type Field } from './schema'

const one = (schema: Schema): Field => fieldsOf({ properties: { it: schema } })[0]!

test.each([
  ['timeZone', 'Time zone'],
  ['@type', 'Type'],
  ['to_room_id', 'To room id'],
  ['percentComplete', 'Percent complete'],
  ['event_id', 'Event id'],
  ['needs-action', 'Needs action'],
  ['URL', 'URL'],
  ['größeInMetern', 'Größe in metern'],
  ['@', '@'],
])('a name of programs is made readable: %s', (name, label) => {
  expect(readable(name)).toBe(label)
})

test.each<[Schema, string]>([
  [{ type: 'string' }, 'long text'],
  [{ type: 'string', maxLength: 100 }, 'text'],
  [{ type: 'string', maxLength: 5000 }, 'long text'],
  [{ type: 'string', pattern: '^[a-z]+$', maxLength: 5000 }, 'text'],
  [{ type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}$' }, 'local time'],
  [{ type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}Z$' }, 'time'],
  [{ type: 'string', format: 'date-time' }, 'time'],
  [{ type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\d$' }, 'date'],
  [{ type: 'string', pattern: '^https?://\\S+$' }, 'address'],
  [{ type: 'string', format: 'uri' }, 'address'],
  [{ type: 'string', pattern: '^matrix:u/' }, 'text'],
  [{ type: 'string', pattern: '(?P<python>only)' }, 'text'],
  [{ type: ['string', 'null'], maxLength: 64 }, 'text'],
  [{ anyOf: [{ type: 'integer' }, { type: 'null' }] }, 'number'],
  [{ oneOf: [{ const: 'a' }, { const: 'b' }] }, 'choice'],
  [{ enum: ['a', 'b'] }, 'choice'],
  [{ enum: [null, {}] }, 'json'],
  [{ const: 'Task' }, 'fixed'],
  [{ type: 'boolean' }, 'yes or no'],
  [{ type: 'array', items: { type: 'string', maxLength: 9 } }, 'list'],
  [{ type: 'array', items: { type: 'object' } }, 'json'],
  [{ type: 'array' }, 'json'],
  [{ type: 'object', additionalProperties: { const: true } }, 'words'],
  [{ type: 'object', additionalProperties: { type: 'integer' } }, 'map'],
  [{ type: 'object', additionalProperties: { type: 'object', properties: { a: {} } } }, 'json'],
  [{ type: 'object', properties: { a: { type: 'string' } } }, 'group'],
  [{ type: 'object' }, 'json'],
  [{}, 'json'],
])('a schema says how its value is filled in: %o', (schema, kind) => {
  expect(one(schema).kind).toBe(kind)
})

test('a title of the schema is its label, and a description its hint', () => {
  expect(one({ type: 'string', title: 'Where', description: 'Any place.' })).toMatchObject({
    label: 'Where',
    hint: 'Any place.',
  })
})

test('below a reasonable depth there are no more fields, but JSON', () => {
  const nested = (depth: number): Schema =>
    depth === 0 ? { type: 'string' } : { type: 'object', properties: { in: nested(depth - 1) } }
  let field = one(nested(6))
  let depth = 0
  for (; field.kind === 'group'; depth++) field = field.fields[0]!
  expect(field.kind).toBe('json')
  expect(depth).toBe(3)
})

test('a filter of the API finds its field, in the plural and however deep', () => {
  const fields = fieldsOf({
    properties: {
      keywords: { type: 'object', additionalProperties: { const: true } },
      credential: {
        type: 'object',
        properties: { subject: { type: 'object', properties: { statement: { type: 'string' } } } },
      },
    },
  })
  expect(located(fields, 'keyword')?.map(({ name }) => name)).toEqual(['keywords'])
  expect(located(fields, 'statement')?.map(({ name }) => name)).toEqual(['credential', 'subject', 'statement'])
  expect(located(fields, 'nothing')).toBeUndefined()
  expect(valueAt({ credential: { subject: { statement: 'seen' } } }, located(fields, 'statement')!)).toBe('seen')
  expect(valueAt({ credential: 'not a map' }, located(fields, 'statement')!)).toBeUndefined()
})

test('what every object of JavaScript has is no value of content', () => {
  expect(own({}, 'constructor')).toBeUndefined()
  expect(fieldsOf({ properties: { constructor: { type: 'string' } } })[0]).toMatchObject({ label: 'Constructor' })
})

test('values are the same whatever the order of their names', () => {
  expect(same({ a: 1, b: [{ c: 1, d: 2 }] }, { b: [{ d: 2, c: 1 }], a: 1 })).toBe(true)
  expect(same([1, 2], [2, 1])).toBe(false)
})

test('a pattern that this browser can not read holds nobody up', () => {
  expect(compiled('(')).toBeUndefined()
})
