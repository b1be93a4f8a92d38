/**
 * A text that is written together: a Yjs document that speaks y-protocols with the twin (docs/editors.md).
 *
 * What is written here counts as saved when the twin has answered a question that was asked after it was sent: it
 * takes messages one after the other, and stores an edit before it goes on.
 */

import { effect, signal } from '@preact/signals'
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'
import { applyAwarenessUpdate, Awareness, encodeAwarenessUpdate, removeAwarenessStates } from 'y-protocols/awareness'
import {
  messageYjsSyncStep1,
  messageYjsSyncStep2,
  messageYjsUpdate,
  writeSyncStep1,
  writeUpdate,
} from 'y-protocols/sync'
import { API, path, Refused } from './api'
import { LastingSocket } from './lasting-socket'
import { twin } from './twin'
import type { Place } from './types'

const SYNC = 0
const AWARENESS = 1
const AUTH = 2
/** Edits that come one after the other are asked about once. */
const CALM_MS = 200
/** So often a connection is not made although the twin answers, before there is taken to be none. */
const MOST_FAILURES = 3
const TOO_BIG = 1009
/** What the twin never took is let go of after that. */
const LONGEST_KEPT_MS = 30 * 86_400_000
/** Stands for what is kept to be read and is never sent. */
const NOTHING = new Uint8Array()
/** The twin takes no longer message; an answer has room for more than this in it. */
const MOST_BYTES = 900 * 1024

/**
 * How it stands: `live`, `away` while the twin can't be reached, `refused` when it takes no edits, `gone` when there
 * is no such document, `blocked` when the twin answers but no live connection comes through to it.
 */
export type Standing = 'opening' | 'live' | 'away' | 'refused' | 'gone' | 'blocked'

export class LiveText {
  readonly doc = new Y.Doc()
  readonly text = this.doc.getText('text')
  readonly awareness = new Awareness(this.doc)
  readonly standing = signal<Standing>('opening')
  /** Whether all of the text is here; before that, only what was written here may be. */
  readonly whole = signal(false)
  /** How many edits of this browser the twin does not have yet. */
  readonly unsent = signal(0)
  /** How many of them are just being kept at this browser. */
  readonly keeping = signal(0)
  /** Whether this browser keeps anything; what is not sent is lost with the page where it does not. */
  readonly keeps = signal(true)
  /** What the twin says why it takes no edits. */
  readonly reason = signal('')
  readonly #unsent = new Map<string, Uint8Array>()
  /** Questions that are not answered yet, each with the edits that it asks about. */
  #asked: string[][] = []
  #asking: ReturnType<typeof setTimeout> | undefined
  #baseKept = false
  #failures = 0
  #stopped = false
  #socket: LastingSocket | undefined

  constructor(readonly place: Place) {
    this.doc.on('update', this.#changed)
    this.awareness.on('update', this.#moved)
    void this.#begin()
  }

  /** Sends what is kept of a document, and returns when the twin has it or won't take it. */
  static async bring(place: Place): Promise<void> {
    const text = new LiveText(place)
    text.awareness.setLocalState(null)
    await new Promise<void>((resolve) => {
      const end = text.standing.subscribe((standing) => {
        if (standing === 'refused' || standing === 'gone' || standing === 'blocked') resolve()
      })
      const sent = text.unsent.subscribe((count) => {
        if (count === 0 && text.whole.value) resolve()
      })
      text.#ended = () => {
        end()
        sent()
      }
    })
    text.stop()
    const newest = (await twin.kept.of(twin.owner.value, place)).at(-1)?.[1].at
    if (newest !== undefined && newest < Date.now() - LONGEST_KEPT_MS) await text.giveUp()
  }
  #ended: () => void = () => {}

  /** Lets go of what the twin does not take. */
  async giveUp(): Promise<void> {
    await twin.kept.forget((await twin.kept.of(twin.owner.value, this.place)).map(([id]) => id))
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#asking)
    this.#ended()
    removeAwarenessStates(this.awareness, [this.doc.clientID], this)
    this.#sendPresence([this.doc.clientID])
    this.#socket?.stop()
    this.doc.destroy()
  }

  async #begin(): Promise<void> {
    for (const [id, kept] of await twin.kept.of(twin.owner.value, this.place)) {
      Y.applyUpdate(this.doc, kept.update, this)
      this.#unsent.set(id, kept.whole ? NOTHING : kept.update)
      if (kept.whole) this.whole.value = this.#baseKept = true
    }
    // What was made here just now has nothing yet that could be missing.
    if (twin.shelf.get(this.place) === undefined && twin.object(this.place) !== undefined) this.whole.value = true
    this.unsent.value = this.#unsent.size
    if (!twin.live.connected.value) this.standing.value = 'away'
    await this.#made()
    if (this.#stopped) return
    const { room_id, capability, uid } = this.place
    const address = new URL(`${API}/${path('rooms', room_id, capability, uid, 'live')}`, location.href)
    address.protocol = address.protocol.replace('http', 'ws')
    this.#socket = new LastingSocket(address.href, {
      opened: () => this.#opened(),
      heard: (message) => this.#heard(message),
      closed: (code, reason) => this.#closed(code, reason),
    })
    const online = twin.live.connected.subscribe((connected) => connected && this.#socket?.hurry())
    this.doc.on('destroy', online)
  }

  /** Waits while the document itself is still on its way to the twin. */
  #made(): Promise<void> {
    return new Promise((resolve) => {
      const stop = effect(() => {
        const waits = twin.outbox.isWaiting(this.place) && twin.shelf.get(this.place) === undefined
        if (waits && !this.#stopped) return
        queueMicrotask(() => stop())
        resolve()
      })
    })
  }

  // What is written here

  #changed = (update: Uint8Array, origin: unknown): void => {
    if (origin === this) return
    const id = crypto.randomUUID()
    this.#unsent.set(id, update)
    this.unsent.value = this.#unsent.size
    this.#keep(id, update, false)
    if (this.standing.value === 'live') {
      this.#send(SYNC, (encoder) => writeUpdate(encoder, update))
      this.#askSoon()
    } else this.#keepBase()
  }

  /** Keeps the whole text beside edits that may have to wait for long: alone, they are no text that one could read. */
  #keepBase(): void {
    if (this.#baseKept || !this.whole.value || this.#unsent.size === 0) return
    this.#baseKept = true
    const [id, all] = [crypto.randomUUID(), Y.encodeStateAsUpdate(this.doc)]
    this.#unsent.set(id, NOTHING)
    this.#keep(id, all, true)
  }

  #keep(id: string, update: Uint8Array, whole: boolean): void {
    const { room_id, capability, uid } = this.place
    const place = { room_id, capability, uid }
    this.keeping.value += 1
    void twin.kept.keep(id, { owner: twin.owner.value, place, at: Date.now(), update, whole }).then((kept) => {
      this.keeping.value -= 1
      this.keeps.value = kept
    })
  }

  #askSoon(): void {
    if (this.#asking !== undefined || this.#asked.some((ids) => ids.length > 0)) return
    this.#asking = setTimeout(() => this.#ask([...this.#unsent.keys()]), CALM_MS)
  }

  #ask(about: string[]): void {
    clearTimeout(this.#asking)
    this.#asking = undefined
    this.#asked.push(about)
    this.#send(SYNC, (encoder) => writeSyncStep1(encoder, this.doc))
  }

  #answered(): void {
    const saved = this.#asked.shift() ?? []
    for (const id of saved) this.#unsent.delete(id)
    if (this.#unsent.size === 0) this.#baseKept = false
    this.unsent.value = this.#unsent.size
    void twin.kept.forget(saved)
    if (this.#unsent.size > 0 && this.standing.value === 'live') this.#askSoon()
  }

  // What the twin says

  #opened(): void {
    this.#failures = 0
    this.#asked = []
    if (this.standing.value !== 'refused') this.standing.value = 'live'
    this.#ask([])
    if (this.awareness.getLocalState() !== null) this.#sendPresence([this.doc.clientID])
  }

  #heard(message: Uint8Array): void {
    try {
      const decoder = decoding.createDecoder(message)
      const kind = decoding.readVarUint(decoder)
      if (kind === SYNC) this.#synced(decoder)
      else if (kind === AWARENESS) applyAwarenessUpdate(this.awareness, decoding.readVarUint8Array(decoder), this)
      else if (kind === AUTH && decoding.readVarUint(decoder) === 0) this.#denied(decoding.readVarString(decoder))
    } catch (error) {
      console.warn('The twin said something about a document that nobody understands.', error)
    }
  }

  #synced(decoder: decoding.Decoder): void {
    const step = decoding.readVarUint(decoder)
    const data = decoding.readVarUint8Array(decoder)
    if (step === messageYjsSyncStep1) this.#tell(data)
    else if (step === messageYjsSyncStep2 || step === messageYjsUpdate) {
      Y.applyUpdate(this.doc, data, this)
      if (step === messageYjsUpdate) return
      this.whole.value = true
      this.#answered()
    }
  }

  /** Brings all that the twin lacks, and asks whether it has it. */
  #tell(vector: Uint8Array): void {
    const missing = Y.encodeStateAsUpdate(this.doc, vector)
    const pieces = missing.length > MOST_BYTES ? [...this.#unsent.values()].filter(({ length }) => length > 0) : []
    if (pieces.length === 0) {
      this.#send(SYNC, (encoder) => {
        encoding.writeVarUint(encoder, messageYjsSyncStep2)
        encoding.writeVarUint8Array(encoder, missing)
      })
    }
    for (const piece of pieces) this.#send(SYNC, (encoder) => writeUpdate(encoder, piece))
    if (this.standing.value === 'refused') this.standing.value = 'live'
    this.#ask([...this.#unsent.keys()])
  }

  #denied(reason: string): void {
    this.#asked = this.#asked.map(() => [])
    this.reason.value = reason
    // Who has nothing to send does not mind.
    if (this.#unsent.size > 0) this.standing.value = 'refused'
  }

  #closed(code: number, reason: string): boolean {
    this.#asked = []
    clearTimeout(this.#asking)
    this.#asking = undefined
    const others = [...this.awareness.getStates().keys()].filter((client) => client !== this.doc.clientID)
    removeAwarenessStates(this.awareness, others, this)
    if (code === TOO_BIG || (code >= 4400 && code < 4500 && code !== 4401 && code !== 4404)) {
      this.reason.value = reason
      this.standing.value = 'refused'
      return false
    }
    if (this.standing.value !== 'refused') this.standing.value = 'away'
    this.#keepBase()
    if (code === 0 || code === 4401 || code === 4404) void this.#lookWhy()
    return true
  }

  /** Browsers don't say why a connection can't be made; the API does. */
  async #lookWhy(): Promise<void> {
    try {
      await twin.readObject(this.place)
      this.#failures += 1
      if (this.#failures < MOST_FAILURES || this.#stopped) return
      this.standing.value = 'blocked'
    } catch (error) {
      const made = twin.outbox.isWaiting(this.place)
      if (!(error instanceof Refused) || error.status === 401 || made) return
      this.reason.value = error.message
      this.standing.value = 'gone'
    }
    this.#socket?.stop()
  }

  // Who is here

  #moved = ({ added, updated, removed }: Record<'added' | 'updated' | 'removed', number[]>, origin: unknown): void => {
    const own = this.doc.clientID
    if (origin !== this && [...added, ...updated, ...removed].includes(own)) this.#sendPresence([own])
  }

  #sendPresence(clients: number[]): void {
    this.#send(AWARENESS, (encoder) =>
      encoding.writeVarUint8Array(encoder, encodeAwarenessUpdate(this.awareness, clients)),
    )
  }

  #send(kind: number, write: (encoder: encoding.Encoder) => void): void {
    const encoder = encoding.createEncoder()
    encoding.writeVarUint(encoder, kind)
    write(encoder)
    this.#socket?.send(encoding.toUint8Array(encoder))
  }
}
