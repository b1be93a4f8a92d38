/**
 * Writes on their way to the twin. Each shows at once, waits here while the twin is away, also over a reload,
 * and is taken back with a sentence when the twin refuses it.
 *
 * All of them can be sent twice without harm: a new object has its uid before it is sent, a change names only
 * the fields that it changes (JSON Merge Patch, RFC 7396).
 */

import { signal } from '@preact/signals'
import { createStore, del, entries, set, type UseStore } from 'idb-keyval'
import { Away, call, path, Refused } from './api'
import { keyOf, type Shelf } from './shelf'
import type { Content, Json, Place, TwinObject, Written } from './types'

export interface Write {
  id: string
  /** Of the person who wrote: another one at this browser must not send it. */
  owner: string
  /** Of the tab that sends it. */
  tab: string
  at: number
  place: Place
  type: string
  /** What a person calls the object. */
  title: string
  what: { make: Content } | { change: Content } | { remove: true }
}

/** A write that the twin did not take. */
export interface Rejected {
  write: Write
  error: Refused
}

/** So often a write is tried that the twin fails at, and does not refuse: it may fail once only. */
const MOST_TRIES = 4
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 20_000
/** A connection that died in the device's sleep never says so. */
const LONGEST_ANSWER_MS = 60_000

export class Outbox {
  readonly waiting = signal<readonly Write[]>([])
  readonly rejected = signal<readonly Rejected[]>([])
  /** Whether sending failed, so that what waits stays here for a while. */
  readonly stuck = signal(false)
  readonly #tab = crypto.randomUUID()
  readonly #store: UseStore = createStore('twin-outbox', 'writes')
  #owner = ''
  #sending = false
  #retry: ReturnType<typeof setTimeout> | undefined
  #pause = FIRST_PAUSE_MS
  /** How often the twin failed at the first write that waits. */
  #failed = 0

  constructor(readonly shelf: Shelf) {}

  /** Begins for a person: takes over what closed tabs left. */
  async start(owner: string): Promise<void> {
    this.#owner = owner
    void navigator.locks?.request(tabLock(this.#tab), () => new Promise(() => {}))
    const open = new Set((await navigator.locks?.query())?.held?.map((lock) => lock.name))
    const left = (await this.stored())
      .filter((write) => write.owner === owner && !open.has(tabLock(write.tab)))
      .map((write) => ({ ...write, tab: this.#tab }))
    await Promise.all(left.map((write) => this.#keep(write)))
    const mine = new Set(this.waiting.value.map((write) => write.id))
    this.waiting.value = [...left.filter((write) => !mine.has(write.id)), ...this.waiting.value].sort(
      (a, b) => a.at - b.at,
    )
    this.hurry()
  }

  /** Forgets everything, because the person signs out. */
  async clear(): Promise<void> {
    clearTimeout(this.#retry)
    this.waiting.value = []
    this.rejected.value = []
    this.stuck.value = false
    for (const write of await this.stored()) {
      if (write.owner === this.#owner) await del(write.id, this.#store).catch(() => {})
    }
    this.#owner = ''
  }

  /** Returns all that waits at this browser, oldest first, also what other tabs are to send. */
  async stored(): Promise<Write[]> {
    try {
      const writes = (await entries<string, Write>(this.#store)).map(([, write]) => write)
      return writes.sort((a, b) => a.at - b.at)
    } catch {
      return []
    }
  }

  /** Makes a new object and returns where it is. */
  make(roomId: string, capability: string, type: string, content: Content, uid: string = crypto.randomUUID()): Place {
    const place = { room_id: roomId, capability, uid }
    this.#add(place, type, calledBy(content) ?? uid, { make: content })
    return place
  }

  /** Changes fields of an object; null takes a field away. */
  change(object: TwinObject, fields: Content): void {
    this.#add(object, object.type, object.title, { change: fields })
  }

  remove(object: TwinObject): void {
    this.#add(object, object.type, object.title, { remove: true })
  }

  /** Tries at once, as when the network is back. */
  hurry = (): void => {
    clearTimeout(this.#retry)
    this.#pause = FIRST_PAUSE_MS
    void this.#send()
  }

  dismiss(rejected: Rejected): void {
    this.rejected.value = this.rejected.value.filter((each) => each !== rejected)
  }

  /** Returns an object as it will be when everything that waits has arrived. */
  shown(object: TwinObject | undefined, place: Place): TwinObject | undefined {
    const key = keyOf(place)
    return this.waiting.value
      .filter((write) => keyOf(write.place) === key)
      .reduce((seen, write) => overlaid(seen, write), object)
  }

  /** Returns all objects as they will be. */
  all(objects: Iterable<TwinObject>): TwinObject[] {
    const writes = this.waiting.value
    if (writes.length === 0) return [...objects]
    const seen = new Map<string, TwinObject>()
    for (const each of objects) seen.set(keyOf(each), each)
    for (const write of writes) {
      const key = keyOf(write.place)
      const after = overlaid(seen.get(key), write)
      if (after === undefined) seen.delete(key)
      else seen.set(key, after)
    }
    return [...seen.values()]
  }

  /** Tells whether something of an object is still on its way. */
  isWaiting(place: Place): boolean {
    const key = keyOf(place)
    return this.waiting.value.some((write) => keyOf(write.place) === key)
  }

  #add(place: Place, type: string, title: string, what: Write['what']): void {
    const write: Write = {
      id: crypto.randomUUID(),
      owner: this.#owner,
      tab: this.#tab,
      // Later than the one before, also within a millisecond or when the clock was set back: it orders them.
      at: Math.max(Date.now(), (this.waiting.value.at(-1)?.at ?? 0) + 1),
      place: { room_id: place.room_id, capability: place.capability, uid: place.uid },
      type,
      title,
      what,
    }
    this.waiting.value = [...this.waiting.value, write]
    void this.#keep(write)
    void this.#send()
  }

  async #send(): Promise<void> {
    if (this.#sending) return
    this.#sending = true
    try {
      for (let write = this.waiting.value[0]; write !== undefined; write = this.waiting.value[0]) {
        try {
          const written = await sent(write)
          this.#pause = FIRST_PAUSE_MS
          this.stuck.value = false
          this.#arrived(write, written)
        } catch (error) {
          const fault = error instanceof Refused && error.status >= 500
          if (fault) this.#failed += 1
          if (error instanceof Refused && error.status !== 401 && (!fault || this.#failed >= MOST_TRIES)) {
            this.stuck.value = false
            this.#drop(write)
            this.rejected.value = [...this.rejected.value, { write, error }]
            continue
          }
          if (error instanceof Refused && !fault) return // signed out: it waits for the next sign-in
          this.stuck.value = true
          const wait = Math.max(this.#pause, error instanceof Away ? error.retryAfterMs : 0)
          this.#retry = setTimeout(() => void this.#send(), wait)
          this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS)
          return
        }
      }
    } finally {
      this.#sending = false
    }
  }

  #arrived(write: Write, written: Written | undefined): void {
    const after = overlaid(this.shelf.get(write.place), write)
    // Shown as it was written until the stream brings it, which is a moment later.
    if (after === undefined) this.shelf.hear({ ...nothing(write), removed: true })
    else if (written !== undefined) this.shelf.hear({ ...after, etag: written.etag })
    this.#drop(write)
  }

  #drop(write: Write): void {
    this.#failed = 0
    this.waiting.value = this.waiting.value.filter((each) => each.id !== write.id)
    void del(write.id, this.#store).catch(() => {})
  }

  async #keep(write: Write): Promise<void> {
    // Private windows may have no storage; the write is then kept as long as the page is open.
    await set(write.id, write, this.#store).catch(() => {})
  }
}

const tabLock = (tab: string): string => `twin-tab-${tab}`

async function sent(write: Write): Promise<Written | undefined> {
  const where = path('rooms', write.place.room_id, write.place.capability, write.place.uid)
  const signal = AbortSignal.timeout(LONGEST_ANSWER_MS)
  if ('make' in write.what) {
    try {
      return await call('PUT', where, { body: write.what.make, headers: { 'If-None-Match': '*' }, signal })
    } catch (error) {
      // It arrived before, and its answer was lost.
      if (error instanceof Refused && error.status === 412) return undefined
      throw error
    }
  }
  if ('change' in write.what) return await call('PATCH', where, { body: write.what.change, signal })
  try {
    return await call('DELETE', where, { signal })
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return undefined
    throw error
  }
}

function overlaid(object: TwinObject | undefined, write: Write): TwinObject | undefined {
  if ('remove' in write.what) return undefined
  if ('make' in write.what) {
    return object ?? { ...nothing(write), content: write.what.make, title: write.title }
  }
  if (object === undefined) return undefined
  const content = patched(object.content, write.what.change) as Content
  const renamed = 'title' in write.what.change || 'name' in write.what.change
  const title = (renamed ? calledBy(content) : undefined) ?? object.title
  return { ...object, content, title, sender: write.owner, updated: Math.max(object.updated, write.at) }
}

/** Returns what content calls itself: its title, or its name, which a contact has in parts. */
function calledBy(content: Content): string | undefined {
  const { title, name } = content
  const said = title ?? (isMap(name) ? name.full : name)
  return said === undefined || said === null ? undefined : String(said)
}

function nothing(write: Write): TwinObject {
  return { ...write.place, type: write.type, etag: '', sender: write.owner, updated: write.at, title: '', content: {} }
}

/** Applies a JSON Merge Patch (RFC 7396). */
export function patched(target: Json | undefined, patch: Json): Json {
  if (!isMap(patch)) return patch
  const result: { [key: string]: Json } = isMap(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = patched(result[key], value)
  }
  return result
}

function isMap(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
