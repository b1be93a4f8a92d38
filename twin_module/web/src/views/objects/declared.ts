/** What the page reads from a capability's declaration: what can be done with its objects. Pure. */

import type { Capability, Content, Json, Schema, TwinObject } from '../../twin/types'
import { fieldsOf, located, valueAt, type Field, type Kind } from './schema'

export interface Doing {
  name: string
  summary: string
  schema: Schema
}

/** Words for what the page does by itself, with a form and an undo. */
const MAKES = new Set(['add', 'create', 'make', 'new'])
const ORDINARY = new Set([...MAKES, 'change', 'edit', 'update', 'remove', 'delete'])

/** Returns the commands that speak of one object, beyond those that the page does by itself. */
export function commandsOfOne(capability: Capability): Doing[] {
  return commands(capability).filter(({ schema }) => needsUid(schema))
}

/** Returns the commands that speak of no object that is there yet. */
export function commandsOfList(capability: Capability): Doing[] {
  return commands(capability).filter(({ schema }) => !needsUid(schema))
}

/**
 * Tells whether a person may write content field by field.
 *
 * Where objects come into being by commands of their own only (as signed statements do), a form of their content
 * would make something that is none.
 */
export function isFree(capability: Capability): boolean {
  const names = Object.keys(capability.commands)
  return names.some((name) => MAKES.has(name)) || commandsOfList(capability).length === 0
}

function commands(capability: Capability): Doing[] {
  return Object.entries(capability.commands)
    .filter(([name]) => !ORDINARY.has(name))
    .map(([name, { summary, arguments: schema }]) => ({ name, summary, schema }))
}

const needsUid = (schema: Schema): boolean => schema.required?.includes('uid') ?? false

/** Something that a list is filtered by. */
export interface Filtered {
  name: string
  /** In the API: a word or several are compared, a number also as more or less. */
  sort: 'word' | 'words' | 'number'
  /** Where its value stands, if the name says it. */
  path: readonly Field[] | undefined
  label: string
  hint: string | undefined
}

export function filtersOf(capability: Capability): Filtered[] {
  const event = capability.events[0]
  const fields = event ? fieldsOf(event.schema) : []
  return Object.entries(event?.filters ?? {}).map(([name, sort]) => {
    const path = located(fields, name)
    return { name, sort, path, label: path?.at(-1)?.schema.title ?? labelOf(name), hint: path?.at(-1)?.hint }
  })
}

const labelOf = (name: string): string => fieldsOf({ properties: { [name]: {} } })[0]!.label

/** Returns whether a filter is a time or a number, so that people ask from when to when. */
export function isRange(filter: Filtered): boolean {
  return filter.sort === 'number' || (filter.sort === 'word' && TIMES.has(filter.path?.at(-1)?.kind ?? 'text'))
}

const TIMES: ReadonlySet<Kind> = new Set(['date', 'time', 'local time'])

/** Columns of a list, beside the title. */
const MOST_COLUMNS = 4
const SHORT: ReadonlySet<Kind> = new Set([
  'choice',
  'date',
  'local time',
  'time',
  'number',
  'address',
  'words',
  'yes or no',
  'text',
])

/** Returns what a list shows of each object beside its title: what it is filtered by first. */
export function columnsOf(capability: Capability): (readonly Field[])[] {
  const event = capability.events[0]
  if (event === undefined) return []
  const fields = fieldsOf(event.schema)
  const filtered = Object.keys(event.filters).flatMap((name) => {
    const path = located(fields, name)
    return path === undefined ? [] : [path]
  })
  const others = fields.map((field) => [field])
  const found: (readonly Field[])[] = []
  for (const path of [...filtered, ...others]) {
    const field = path.at(-1)!
    const known = found.some(
      (each) => each.map(({ name }) => name).join('/') === path.map(({ name }) => name).join('/'),
    )
    if (!known && SHORT.has(field.kind) && !field.name.startsWith('@') && !isTitle(capability, path)) found.push(path)
  }
  return found.slice(0, MOST_COLUMNS)
}

/** Tells by the example whether a field is what an object is called, which a list shows anyway. */
function isTitle(capability: Capability, path: readonly Field[]): boolean {
  const example = valueAt(capability.events[0]?.example, path)
  return ['title', 'name', 'summary'].includes(path.map(({ name }) => name).join('/')) && typeof example === 'string'
}

/** Returns what of an object this version of the page's twin does not know: its names, without stamps of ours. */
export function unknown(fields: readonly Field[], content: Content): [string, Json][] {
  const known = new Set(fields.map((field) => field.name))
  return Object.entries(content).filter(([name]) => !known.has(name) && name !== STAMPS)
}

/** Under this name the twin notes what a version was made on, and by which app. */
export const STAMPS = 'org.digitaltwin'

/** Returns content as a person made it, without the twin's stamps. */
export function bare(content: Content): Content {
  const { [STAMPS]: _, ...rest } = content
  return rest
}

/** Orders objects by title, or by when they changed, as the API does. */
export function byTitle(a: TwinObject, b: TwinObject): number {
  return a.title.localeCompare(b.title) || (a.uid < b.uid ? -1 : 1)
}

export function byUpdated(a: TwinObject, b: TwinObject): number {
  return b.updated - a.updated || (a.uid < b.uid ? -1 : 1)
}
