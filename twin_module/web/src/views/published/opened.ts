/** What a link opens, asked without an account. */

import { ask, Away, get, path, Refused } from '../../twin/api'
import type { Content, Schema } from '../../twin/types'
import { proofOf, type Proof } from './proof-file'

/** Whose twin published it. */
export interface Publisher {
  owner: string
  server_name: string
  displayname?: string
}

export interface PublishedObject {
  capability: string
  type: string
  uid: string
  etag: string
  sender: string
  /** Milliseconds since 1970. */
  updated: number
  title: string
  content: Content
  /** The text is not in the content. */
  long_text?: true
}

interface About {
  link: { made: number; expires?: number }
  twin: Publisher
}

export interface OneObject extends About {
  object: PublishedObject
  schema: Schema
}

export interface OneCollection extends About {
  collection: { name: string | null; topic: string | null }
  objects: PublishedObject[]
  next_batch?: string
}

/** What came of asking. A link that opens nothing says so; it does not say why. */
export type Answer<T> =
  | { is: 'there'; value: T }
  | { is: 'nothing' }
  /** The twin does not answer, or has been asked too often. */
  | { is: 'away'; tooOften: boolean }
  /** The twin has it and can't show it; the sentence is its own. */
  | { is: 'refused'; why: string }

/** The capability and the uid of one object of a published collection; without them, what was published itself. */
export type Inner = readonly [capability: string, uid: string] | undefined

const where = (token: string, inner: Inner, ...more: string[]): string =>
  path('published', token, ...(inner ?? []), ...more)

/** As many the twin sends at once. */
const MOST = 100

export function open(token: string, inner: Inner, from?: string): Promise<Answer<OneObject | OneCollection>> {
  return answered(() =>
    get<OneObject | OneCollection>(where(token, inner), inner === undefined ? { limit: MOST, from } : {}),
  )
}

export function textOf(token: string, inner: Inner): Promise<Answer<string>> {
  return answered(async () => (await ask('GET', where(token, inner, 'text'))).text())
}

export function readProof(token: string, inner: Inner): Promise<Answer<Proof>> {
  return answered(async () => proofOf(await (await ask('GET', where(token, inner, 'proof'))).text()))
}

async function answered<T>(call: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { is: 'there', value: await call() }
  } catch (error) {
    if (error instanceof Away) return { is: 'away', tooOften: error.retryAfterMs > 0 }
    if (!(error instanceof Refused)) throw error
    // A token in a form that none has is refused as well; to a person it is the same.
    return error.status === 409 ? { is: 'refused', why: error.message } : { is: 'nothing' }
  }
}
