/** Reads from a proof what a person wants to know; `docs/proofs.md` has its form. Pure, and it checks nothing. */

import { isMap, own } from '../objects/schema'
import type { Json } from '../../twin/types'

export interface Proof {
  /** The file, byte for byte. */
  file: string
  /** The version that it proves. */
  version: string
  author: string
  server: string
  /** When it was, as the server says, in milliseconds since 1970. */
  time: number
  /** The room that it was written in. */
  room: string
  /** The keys that the author's server signed with. */
  keys: { id: string; key: string }[]
}

/** Returns what a proof says. Throws SyntaxError where it is no JSON. */
export function proofOf(file: string): Proof {
  const bundle = JSON.parse(file) as Json
  const event = at(bundle, 'event')
  const author = word(at(event, 'sender'))
  const server = author.slice(author.indexOf(':') + 1)
  return {
    file,
    version: word(at(bundle, 'event_id')),
    author,
    server,
    time: Number(at(event, 'origin_server_ts')),
    room: word(at(event, 'room_id')),
    keys: keysOf(bundle, server, Object.keys(map(at(at(event, 'signatures'), server)))),
  }
}

/** Returns the keys of these names that stand in a server's documents, each once. */
function keysOf(bundle: Json, server: string, names: readonly string[]): Proof['keys'] {
  const documents = at(at(bundle, 'keys'), server)
  const found = new Map<string, string>()
  for (const document of Array.isArray(documents) ? documents : []) {
    for (const part of ['old_verify_keys', 'verify_keys']) {
      for (const id of names) {
        const key = word(at(at(at(document, part), id), 'key'))
        if (key !== '') found.set(id, key)
      }
    }
  }
  return [...found].map(([id, key]) => ({ id, key }))
}

const map = (value: Json | undefined): { [key: string]: Json } => (isMap(value) ? value : {})
const at = (value: Json | undefined, name: string): Json | undefined => own(map(value), name)
const word = (value: Json | undefined): string => (typeof value === 'string' ? value : '')
