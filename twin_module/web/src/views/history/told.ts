/** The shapes of versions as the twin tells them, and what the page makes of them. Pure. */

import type { Content, Json } from '../../twin/types'
import { fieldLabel } from '../objects/names'
import { fieldsOf, readable, type Field } from '../objects/schema'
import type { Schema } from '../../twin/types'

export interface Change {
  /** A JSON pointer (RFC 6901), one level into maps. */
  path: string
  kind: 'added' | 'removed' | 'changed'
  before?: Json
  after?: Json
  /** A unified diff of a text. */
  lines?: string
}

export type Status = 'current' | 'replaced' | 'merged' | 'contained' | 'proposed' | 'dismissed' | 'redacted' | 'unknown'
export type Why = 'waits' | 'may_not_write' | 'left' | 'would_not_fit' | 'incomplete'

export interface Version {
  event_id: string
  sender: string | null
  server: string | null
  time: number | null
  status: Status
  current: boolean
  removed: boolean
  title: string | null
  parents: string[]
  problem?: string
  experience?: string
  why?: Why
  merged_by?: string
  took_in?: string[]
  clashes?: { path: string; lost?: Json }[]
  changes?: Change[]
  more_changes?: number
  restored?: boolean
}

export interface Shown extends Version {
  content: Content
}

/** Returns the parts of a JSON pointer. */
export function parts(path: string): string[] {
  return path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** Returns what a path is called: by the labels of the schema as far as it goes, then as it is written. */
export function pathLabel(schema: Schema, path: string): string {
  let fields: readonly Field[] = fieldsOf(schema)
  return parts(path)
    .map((name) => {
      const field = fields.find((each) => each.name === name)
      const known = fields
      fields = field?.fields ?? []
      return (field && fieldLabel(field)) ?? (known.length > 0 ? readable(name) : name)
    })
    .join(' › ')
}

export interface Line {
  kind: 'same' | 'added' | 'removed' | 'place'
  text: string
}

/** Reads a unified diff. */
export function linesOf(unified: string): Line[] {
  return unified.split('\n').map((line) => {
    const text = line.slice(1)
    if (line.startsWith('@@')) return { kind: 'place', text: line }
    if (line.startsWith('+')) return { kind: 'added', text }
    if (line.startsWith('-')) return { kind: 'removed', text }
    return { kind: 'same', text: line.startsWith(' ') ? text : line }
  })
}

export interface Part {
  text: string
  /** Whether this part stands in one of both texts only. */
  differs: boolean
}

/** More words than this are not compared one by one. */
const MOST_WORDS = 400

/** Compares two short texts word by word: returns the parts of the one, and of the other. */
export function byWord(before: string, after: string): [Part[], Part[]] {
  const [old, now] = [words(before), words(after)]
  if (old.length > MOST_WORDS || now.length > MOST_WORDS)
    return [[{ text: before, differs: true }], [{ text: after, differs: true }]]
  const best = Array.from({ length: old.length + 1 }, () => new Uint16Array(now.length + 1))
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = now.length - 1; j >= 0; j--) {
      best[i]![j] = old[i] === now[j] ? best[i + 1]![j + 1]! + 1 : Math.max(best[i + 1]![j]!, best[i]![j + 1]!)
    }
  }
  const [left, right]: [Part[], Part[]] = [[], []]
  let [i, j] = [0, 0]
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      add(left, old[i++]!, false)
      add(right, now[j++]!, false)
    } else if (j >= now.length || (i < old.length && best[i + 1]![j]! >= best[i]![j + 1]!)) add(left, old[i++]!, true)
    else add(right, now[j++]!, true)
  }
  return [left, right]
}

const words = (text: string): string[] => text.match(/\s+|[^\s]+/g) ?? []

function add(row: Part[], text: string, differs: boolean): void {
  const last = row.at(-1)
  if (last?.differs === differs) last.text += text
  else row.push({ text, differs })
}
