/** What stands in a form while a person fills it in: texts, until they are read as values. Pure. */

import { localDateTime } from '../../dates'
import type { Content, Json } from '../../twin/types'
import { compiled, isMap, own, same, type Field } from './schema'

/** What was typed: a text, a tick (undefined is neither), rows of a list or a map, or the fields of a group. */
export type Draft = string | boolean | undefined | readonly Row[] | { readonly [name: string]: Draft }
export interface Row {
  id: number
  name: string
  value: Draft
}

/** What is wrong with what was typed. The page says it in words. */
export interface Wrong {
  /** A JSON pointer (RFC 6901), as the twin's refusals have it. */
  path: string
  what:
    'required' | 'number' | 'whole' | 'least' | 'most' | 'short' | 'long' | 'few' | 'many' | 'form' | 'json' | 'twice'
  limit?: number
}

let rowIds = 0
export const row = (name = '', value: Draft = ''): Row => ({ id: ++rowIds, name, value })

/** Returns what a form shows of a value. */
export function drafted(field: Field, value: Json | undefined): Draft {
  switch (field.kind) {
    case 'group':
      return Object.fromEntries(
        field.fields.map((each) => [each.name, drafted(each, isMap(value) ? own(value, each.name) : undefined)]),
      )
    case 'words':
      return isMap(value) ? Object.keys(value).map((name) => row('', name)) : []
    case 'list':
      return Array.isArray(value) ? value.map((each) => row('', drafted(field.item!, each))) : []
    case 'map':
      return isMap(value) ? Object.entries(value).map(([name, each]) => row(name, drafted(field.item!, each))) : []
    case 'yes or no':
      return typeof value === 'boolean' ? value : field.required ? false : undefined
    case 'json':
      return value === undefined ? '' : JSON.stringify(value, null, 2)
    case 'time':
      return typeof value === 'string' ? localOf(value) : ''
    case 'choice':
      return value === undefined || value === null ? '' : JSON.stringify(value)
    default:
      return value === undefined || value === null ? '' : String(value)
  }
}

/** Returns an empty form, with the schema's own defaults. */
export function blank(fields: readonly Field[]): { [name: string]: Draft } {
  return Object.fromEntries(
    fields.map((field) => [
      field.name,
      field.kind === 'group' ? blank(field.fields) : drafted(field, field.schema.default),
    ]),
  )
}

/**
 * Reads what was typed as content.
 *
 * @param before what is there already; what the form does not know stays.
 */
export function read(
  fields: readonly Field[],
  draft: { readonly [name: string]: Draft },
  before: Content = {},
): { content: Content; wrong: Wrong[] } {
  const wrong: Wrong[] = []
  const content = readGroup(fields, draft, before, '', wrong)
  return { content, wrong }
}

function readGroup(
  fields: readonly Field[],
  draft: { readonly [name: string]: Draft },
  before: Content,
  path: string,
  wrong: Wrong[],
): Content {
  const content: Content = { ...before }
  for (const field of fields) {
    const at = `${path}/${escaped(field.name)}`
    const old = own(before, field.name)
    const value = readField(field, draft[field.name], old, at, wrong)
    if (value === undefined) {
      if (field.required && !(field.kind === 'group' && wrong.some((each) => each.path.startsWith(`${at}/`))))
        wrong.push({ path: at, what: 'required' })
      // What says nothing to people, as null does, stays as it was.
      if (old !== null) delete content[field.name]
    } else set(content, field.name, value)
  }
  return content
}

function readField(field: Field, draft: Draft, old: Json | undefined, path: string, wrong: Wrong[]): Json | undefined {
  switch (field.kind) {
    case 'fixed':
      return field.required || old !== undefined ? field.schema.const : undefined
    case 'group': {
      const typed = isDraftMap(draft) ? draft : {}
      const before = isMap(old) ? old : undefined
      if (before === undefined && !field.required && isEmpty(field.fields, typed)) return undefined
      return readGroup(field.fields, typed, before ?? {}, path, wrong)
    }
    case 'words':
    case 'list':
    case 'map':
      return readRows(field, Array.isArray(draft) ? (draft as Row[]) : [], old, path, wrong)
    case 'yes or no':
      return typeof draft === 'boolean' ? draft : undefined
    default:
      return readText(field, typeof draft === 'string' ? draft : '', old, path, wrong)
  }
}

function readRows(
  field: Field,
  rows: readonly Row[],
  old: Json | undefined,
  path: string,
  wrong: Wrong[],
): Json | undefined {
  const { schema, item } = field
  if (field.kind === 'list') {
    const values = rows.flatMap((each, index) => {
      const value = readField(item!, each.value, undefined, `${path}/${index}`, wrong)
      return value === undefined ? [] : [value]
    })
    if (schema.uniqueItems && values.some((value, index) => values.findIndex((other) => same(value, other)) < index))
      wrong.push({ path, what: 'twice' })
    bound(
      values.length,
      schema.minItems,
      schema.maxItems,
      ['few', 'many'],
      path,
      wrong,
      values.length > 0 || field.required,
    )
    return values.length > 0 ||
      (Array.isArray(old) && old.length === 0) ||
      (field.required && (schema.minItems ?? 0) === 0)
      ? values
      : undefined
  }
  const found: Content = {}
  for (const each of rows) {
    const name = (field.kind === 'words' ? String(each.value ?? '') : each.name).trim()
    const at = `${path}/${escaped(name)}`
    const value = field.kind === 'words' ? true : readField(item!, each.value, undefined, at, wrong)
    if (name === '' && (field.kind === 'words' || value === undefined)) continue
    if (name === '' || value === undefined) wrong.push({ path: at, what: 'required' })
    else {
      if (Object.hasOwn(found, name)) wrong.push({ path, what: 'twice' })
      boundText(name, schema.propertyNames ?? {}, path, wrong)
      set(found, name, value)
    }
  }
  const count = Object.keys(found).length
  bound(count, undefined, schema.maxProperties, ['few', 'many'], path, wrong)
  return count > 0 || field.required || (isMap(old) && Object.keys(old).length === 0) ? found : undefined
}

function readText(field: Field, typed: string, old: Json | undefined, path: string, wrong: Wrong[]): Json | undefined {
  const { schema, kind } = field
  const text = kind === 'long text' ? typed : typed.trim()
  if (text.trim() === '') return text === '' && old === '' ? '' : undefined
  switch (kind) {
    case 'number': {
      const value = Number(text.replace(',', '.'))
      if (!Number.isFinite(value)) wrong.push({ path, what: 'number' })
      // Matrix events hold whole numbers only.
      else if (!Number.isSafeInteger(value)) wrong.push({ path, what: 'whole' })
      bound(value, schema.minimum, schema.maximum, ['least', 'most'], path, wrong)
      return value
    }
    case 'choice':
    case 'json':
      try {
        return JSON.parse(text) as Json
      } catch {
        wrong.push({ path, what: 'json' })
        return undefinedOr(old)
      }
    case 'time': {
      // A form has no smaller part of an hour than a minute; who changes nothing loses no second.
      if (typeof old === 'string' && localOf(old) === text) return old
      const date = new Date(text)
      if (Number.isNaN(date.getTime())) wrong.push({ path, what: 'form' })
      return Number.isNaN(date.getTime()) ? text : `${date.toISOString().slice(0, 19)}Z`
    }
    case 'local time': {
      const whole = /T\d\d:\d\d$/.test(text) ? `${text}:00` : text
      boundText(whole, schema, path, wrong)
      return whole
    }
    default:
      boundText(text, schema, path, wrong)
      return text
  }
}

/** What can't be read is shown as wrong; the required-check must not speak as well. */
const undefinedOr = (old: Json | undefined): Json => old ?? ''

function boundText(text: string, schema: Field['schema'], path: string, wrong: Wrong[]): void {
  bound([...text].length, schema.minLength, schema.maxLength, ['short', 'long'], path, wrong)
  const pattern = compiled(schema.pattern)
  if (pattern !== undefined && !pattern.test(text)) wrong.push({ path, what: 'form' })
}

function bound(
  value: number,
  least: number | undefined,
  most: number | undefined,
  whats: readonly [Wrong['what'], Wrong['what']],
  path: string,
  wrong: Wrong[],
  counts = true,
): void {
  if (counts && least !== undefined && value < least) wrong.push({ path, what: whats[0], limit: least })
  if (most !== undefined && value > most) wrong.push({ path, what: whats[1], limit: most })
}

function isEmpty(fields: readonly Field[], draft: { readonly [name: string]: Draft }): boolean {
  return fields.every((field) => {
    const typed = draft[field.name]
    if (field.kind === 'fixed' || typed === undefined) return true
    if (field.kind === 'group') return isDraftMap(typed) && isEmpty(field.fields, typed)
    if (Array.isArray(typed)) return typed.length === 0
    return typeof typed === 'string' && typed.trim() === ''
  })
}

function isDraftMap(draft: Draft): draft is { readonly [name: string]: Draft } {
  return typeof draft === 'object' && !Array.isArray(draft)
}

/** Returns the JSON Merge Patch (RFC 7396) that makes the one of the other; empty where nothing changed. */
export function patch(before: Content, after: Content): Content {
  const changes: Content = {}
  for (const name of Object.keys(before)) if (!Object.hasOwn(after, name)) set(changes, name, null)
  for (const [name, value] of Object.entries(after)) {
    const old = own(before, name)
    if (same(old, value)) continue
    set(changes, name, isMap(old) && isMap(value) ? patch(old, value) : value)
  }
  return changes
}

/** Sets a member whatever its name is: `__proto__` is a name like any other in JSON. */
function set(content: Content, name: string, value: Json): void {
  Object.defineProperty(content, name, { value, enumerable: true, writable: true, configurable: true })
}

/** Returns a part of a JSON pointer. */
export function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

/** Returns an instant as an input of a date and a time has it, where the person is. */
export function localOf(instant: string): string {
  const date = new Date(instant)
  return Number.isNaN(date.getTime()) ? '' : localDateTime(date).slice(0, 16)
}
