/** Reads a JSON Schema (2020-12) as fields that a person can see and fill in. Pure. */

import type { Json, Schema } from '../../twin/types'

/** How a value is shown and filled in. */
export type Kind =
  | 'text'
  | 'long text'
  | 'number'
  | 'yes or no'
  | 'choice'
  | 'date'
  | 'local time'
  | 'time'
  | 'address'
  | 'words'
  | 'list'
  | 'map'
  | 'group'
  | 'fixed'
  | 'json'

export interface Field {
  name: string
  label: string
  hint: string | undefined
  kind: Kind
  required: boolean
  schema: Schema
  /** Of a group: what is in it. */
  fields: readonly Field[]
  /** Of a list or a map: what each value of it is. */
  item: Field | undefined
}

/** Deeper than this, a form has no fields any more but takes JSON. */
const DEEPEST = 3
/** Texts that may be longer than this get several lines. */
const ONE_LINE = 1000

const SIMPLE: ReadonlySet<Kind> = new Set([
  'text',
  'number',
  'yes or no',
  'choice',
  'date',
  'local time',
  'time',
  'address',
])

/** Returns a name of programs as people write it: "timeZone" is "Time zone". */
export function readable(name: string): string {
  const words = name
    .replace(/^[@$_]+/, '')
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .replace(/[_.\-\s]+/g, ' ')
    .trim()
    .split(' ')
    .map((word) => (/^\p{Lu}{2,}$/u.test(word) ? word : word.toLowerCase()))
    .join(' ')
  return words === '' ? name : words.charAt(0).toUpperCase() + words.slice(1)
}

/** Returns the fields of an object's schema, in its order. */
export function fieldsOf(schema: Schema, depth = 0): Field[] {
  const required = new Set(schema.required ?? [])
  return Object.entries(schema.properties ?? {}).map(([name, each]) => fieldOf(name, each, required.has(name), depth))
}

function fieldOf(name: string, given: Schema, required: boolean, depth: number): Field {
  const schema = withoutNull(given)
  const kind = kindOf(schema, depth)
  return {
    name,
    label: schema.title ?? readable(name),
    hint: given.description ?? schema.description,
    kind,
    required,
    schema,
    fields: kind === 'group' ? fieldsOf(schema, depth + 1) : [],
    item: kind === 'list' ? itemOf(schema.items, depth) : kind === 'map' ? itemOf(others(schema), depth) : undefined,
  }
}

function itemOf(schema: Schema | undefined, depth: number): Field | undefined {
  return schema && fieldOf('', schema, true, depth + 1)
}

/** Returns what a value is that is not null: a field that is left out says the same to people. */
function withoutNull(schema: Schema): Schema {
  if (Array.isArray(schema.type)) {
    const types = schema.type.filter((each) => each !== 'null')
    return types.length === 1 ? { ...schema, type: types[0]! } : schema
  }
  const branches = schema.anyOf ?? schema.oneOf
  if (branches === undefined) return schema
  const rest = branches.filter((each) => each.type !== 'null')
  const { anyOf: _any, oneOf: _one, ...around } = schema
  if (rest.length === 1) return { ...rest[0], ...around }
  const values = rest.map((each) => each.const)
  return values.every((value) => value !== undefined) ? { ...around, enum: values as Json[] } : schema
}

function kindOf(schema: Schema, depth: number): Kind {
  if (schema.const !== undefined) return 'fixed'
  if (schema.enum !== undefined)
    return schema.enum.every((each) => typeof each === 'string' || typeof each === 'number') ? 'choice' : 'json'
  switch (schema.type) {
    case 'string':
      return kindOfText(schema)
    case 'integer':
    case 'number':
      return 'number'
    case 'boolean':
      return 'yes or no'
    case 'array': {
      const item = itemOf(schema.items, depth)
      return item !== undefined && SIMPLE.has(item.kind) ? 'list' : 'json'
    }
    case 'object':
      return kindOfObject(schema, depth)
    default:
      return 'json'
  }
}

function kindOfObject(schema: Schema, depth: number): Kind {
  if (Object.keys(schema.properties ?? {}).length > 0) return depth < DEEPEST ? 'group' : 'json'
  const other = others(schema)
  if (other?.const === true) return 'words'
  const item = itemOf(other, depth)
  return item !== undefined && SIMPLE.has(item.kind) ? 'map' : 'json'
}

function others(schema: Schema): Schema | undefined {
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined
}

/** Texts that say by their pattern what they are: it fits the first of these, and none of the others. */
const SAMPLES: readonly (readonly [Kind, string])[] = [
  ['time', '2026-12-24T18:00:00Z'],
  ['local time', '2026-12-24T18:00:00'],
  ['date', '2026-12-24'],
  ['address', 'https://example.org/'],
]

function kindOfText(schema: Schema): Kind {
  switch (schema.format) {
    case 'date-time':
      return 'time'
    case 'date':
      return 'date'
    case 'uri':
    case 'iri':
      return 'address'
  }
  const pattern = compiled(schema.pattern)
  if (pattern !== undefined && !pattern.test('word')) {
    const fits = SAMPLES.filter(([, sample]) => pattern.test(sample))
    if (fits.length === 1) return fits[0]![0]
  }
  const free = schema.pattern === undefined && schema.format === undefined
  return free && (schema.maxLength ?? Infinity) > ONE_LINE ? 'long text' : 'text'
}

/** Returns a pattern as a regular expression, or undefined where this browser can't read it. */
export function compiled(pattern: string | undefined): RegExp | undefined {
  if (pattern === undefined) return undefined
  try {
    return new RegExp(pattern, 'u')
  } catch {
    return undefined
  }
}

/** Returns the path of the field that a name of the API speaks of: `keyword` is `keywords`, however deep. */
export function located(fields: readonly Field[], name: string): readonly Field[] | undefined {
  let level: (readonly Field[])[] = fields.map((field) => [field])
  while (level.length > 0) {
    const found = level.find((path) => [name, `${name}s`].includes(path.at(-1)!.name))
    if (found !== undefined) return found
    level = level.flatMap((path) => path.at(-1)!.fields.map((field) => [...path, field]))
  }
  return undefined
}

/** Returns the value at a path of fields. */
export function valueAt(content: Json | undefined, path: readonly Field[]): Json | undefined {
  let value = content
  for (const { name } of path) {
    if (!isMap(value)) return undefined
    value = own(value, name)
  }
  return value
}

export function own(map: { [key: string]: Json }, name: string): Json | undefined {
  return Object.hasOwn(map, name) ? map[name] : undefined
}

export function isMap(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function same(one: Json | undefined, other: Json | undefined): boolean {
  return sorted(one) === sorted(other)
}

function sorted(value: Json | undefined): string {
  return JSON.stringify(value, (_, each: Json) =>
    isMap(each) ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1))) : each,
  )
}
