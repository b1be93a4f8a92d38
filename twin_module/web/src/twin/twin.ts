/** The twin as the page knows it: who it is, its rooms, its people, its objects, and what is on its way. */

import { computed, signal } from '@preact/signals'
import { Away, call, get, onSignedOut, path, Refused } from './api'
import { KeptEdits } from './kept'
import { Live } from './live'
import { Outbox } from './outbox'
import { Shelf } from './shelf'
import type { Capability, Card, Chat, Person, Place, Room, Share, TwinObject } from './types'

/** How the page stands with the twin. */
export type Stage = 'starting' | 'signed-out' | 'signed-in' | 'away'

const MOST = 1000
/** So long the page waits for a first answer before it says that there is none. */
const PATIENCE_MS = 15_000

class Twin {
  readonly stage = signal<Stage>('starting')
  readonly card = signal<Card | undefined>(undefined)
  readonly capabilities = signal<readonly Capability[]>([])
  readonly rooms = signal<ReadonlyMap<string, Room>>(new Map())
  readonly invitations = signal<readonly Room[]>([])
  readonly people = signal<ReadonlyMap<string, Person>>(new Map())
  /** Whether the people were read: until then, nobody can say that there is none. */
  readonly knowsPeople = signal(false)
  /** What circles may do in which collections. */
  readonly shares = signal<readonly Share[]>([])
  readonly chats = signal<readonly Chat[]>([])
  /** What the stream last said of versions that wait to be merged; whoever shows them reads them again then. */
  readonly conflicts = signal<(Place & { waiting: number }) | undefined>(undefined)
  /** How often the stream brought something, by capability: what the twin works out of that is asked for again then. */
  readonly heard = signal<ReadonlyMap<string, number>>(new Map())
  readonly shelf = new Shelf()
  readonly outbox = new Outbox(this.shelf)
  readonly kept = new KeptEdits()
  readonly live = new Live((event, data) => this.#heard(event, data))

  /** Objects as they will be when everything that waits has arrived. */
  readonly objects = computed(() => this.outbox.all(this.shelf.all()))
  readonly collections = computed(() => sorted(this.rooms.value, 'collection'))
  readonly circles = computed(() => sorted(this.rooms.value, 'circle'))
  readonly owner = computed(() => this.card.value?.owner ?? '')

  constructor() {
    onSignedOut(() => this.#leave())
    this.live.connected.subscribe((connected) => {
      if (!connected || this.stage.peek() !== 'signed-in') return
      this.outbox.hurry()
      this.#soonReadPeople()
      void this.readChats().catch(() => {})
    })
  }

  /** Begins, or says that somebody has to sign in. Who asks while it begins gets the same beginning. */
  start(): Promise<void> {
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined
    })
    return this.#starting
  }

  #starting: Promise<void> | undefined
  async #start(): Promise<void> {
    try {
      const signal = AbortSignal.timeout(PATIENCE_MS)
      const [card, session] = await Promise.all([
        call<Card>('GET', 'card', { signal }),
        call<{ signed_in: boolean }>('GET', 'cookie', { signal }),
      ])
      this.card.value = card
      if (!session.signed_in) {
        this.stage.value = 'signed-out'
        return
      }
      const [capabilities] = await Promise.all([
        get<{ capabilities: Capability[] }>('capabilities'),
        this.live.start(),
      ])
      this.capabilities.value = capabilities.capabilities
      await this.readRooms()
      await this.outbox.start(this.owner.value)
      this.stage.value = 'signed-in'
      addEventListener('online', this.outbox.hurry)
      // What can't be read now is read when the next connection stands.
      void this.readPeople().catch(() => {})
      void this.readChats().catch(() => {})
      void this.#sendKept()
    } catch (error) {
      this.live.stop()
      const left = error instanceof DOMException || (error instanceof Refused && error.status === 401)
      this.stage.value = left ? 'signed-out' : 'away'
    }
  }

  async readRooms(): Promise<void> {
    const kinds = ['collection', 'circle', 'other']
    const [invitations, ...lists] = await Promise.all([
      get<{ invitations: Room[] }>('invitations'),
      ...kinds.map((kind) => get<{ collections: Room[] }>('collections', { kind })),
    ])
    this.invitations.value = invitations.invitations
    this.rooms.value = new Map(lists.flatMap((list) => list.collections).map((room) => [room.room_id, room]))
  }

  async readPeople(): Promise<void> {
    const { people, shares } = await get<{ people: Person[]; shares: Share[] }>('people')
    this.shares.value = shares
    this.people.value = new Map(people.map((person) => [person.user_id, person]))
    this.knowsPeople.value = true
  }

  async readChats(): Promise<void> {
    this.chats.value = (await get<{ chats: Chat[] }>('chats')).chats
  }

  /**
   * Reads a list of objects, all pages of it up to `most`, onto the shelf; the stream keeps them current.
   *
   * Returns how many there were.
   */
  async read(where: string, query: Record<string, string | number | undefined> = {}, most = 20_000): Promise<number> {
    let from: string | undefined
    let count = 0
    do {
      const answered = this.shelf.reading()
      const page = await get<{ objects: TwinObject[]; next_batch?: string }>(where, {
        ...query,
        limit: Math.min(MOST, most - count),
        from,
      })
      answered(page.objects)
      count += page.objects.length
      from = page.next_batch
    } while (from !== undefined && count < most)
    return count
  }

  /** Reads one object onto the shelf. */
  async readObject(place: Place): Promise<TwinObject> {
    const answered = this.shelf.reading()
    const object = await get<TwinObject>(path('rooms', place.room_id, place.capability, place.uid))
    answered([object])
    return object
  }

  /** Reads one object onto the shelf, if the twin has it; one that was made here may not be there yet. */
  async readUnlessGone(place: Place): Promise<void> {
    if (this.outbox.isWaiting(place) && this.object(place) !== undefined) return
    try {
      await this.readObject(place)
    } catch (error) {
      if (!(error instanceof Refused && error.status === 404)) throw error
    }
  }

  /** Returns an object as it will be, if the page has it. */
  object(place: Place): TwinObject | undefined {
    return this.outbox.shown(this.shelf.get(place), place)
  }

  capability(name: string): Capability | undefined {
    return this.capabilities.value.find((each) => each.name === name)
  }

  /** Returns the type of a capability's objects. */
  typeOf(name: string): string {
    return this.capability(name)?.events[0]?.type ?? ''
  }

  /** Tells whether the owner may write in a room. */
  mayWrite(roomId: string): boolean {
    const role = this.rooms.value.get(roomId)?.role
    return role === 'editor' || role === 'admin' || role === 'owner'
  }

  /** Signs out at this browser; elsewhere the person stays signed in. */
  async signOut(): Promise<void> {
    // First, so that nothing is lost when the twin does not answer and the person stays signed in.
    await call('DELETE', 'cookie').catch((error: unknown) => {
      if (error instanceof Away) throw error
    })
    await this.outbox.clear()
    await this.kept.clear(this.owner.value)
    this.#leave()
  }

  /** Sends what was written in documents while the twin was away; the code for it is only fetched where there is some. */
  async #sendKept(): Promise<void> {
    const places = await this.kept.places(this.owner.value)
    if (places.length === 0) return
    const { LiveText } = await import('./live-text')
    await Promise.all(places.map((place) => LiveText.bring(place)))
  }

  #leave(): void {
    this.live.stop()
    this.shelf.clear()
    this.rooms.value = new Map()
    this.invitations.value = []
    this.people.value = new Map()
    this.knowsPeople.value = false
    this.shares.value = []
    this.chats.value = []
    this.stage.value = 'signed-out'
  }

  #heard(event: string, data: unknown): void {
    if (event === 'object') this.#object(data as TwinObject)
    else if (event === 'versions') this.conflicts.value = data as Place & { waiting: number }
    else if (event === 'room') this.#room(data as Room)
    else if (event === 'chats') this.chats.value = (data as { chats: Chat[] }).chats
  }

  #object(object: TwinObject): void {
    this.shelf.hear(object)
    const { capability } = object
    this.heard.value = new Map(this.heard.value).set(capability, (this.heard.value.get(capability) ?? 0) + 1)
    if (capability !== 'circles') return
    // Who shares what is no object of its own: whoever shows a room's members has to read them again.
    const room = this.rooms.value.get(object.room_id)
    if (room !== undefined) this.rooms.value = new Map(this.rooms.value).set(room.room_id, { ...room })
    this.#soonReadPeople()
  }

  #room(room: Room): void {
    const rooms = new Map(this.rooms.value)
    const invitations = this.invitations.value.filter((each) => each.room_id !== room.room_id)
    if (room.membership === 'join') rooms.set(room.room_id, room)
    else if (rooms.delete(room.room_id)) this.shelf.leave(room.room_id)
    if (room.membership === 'invite' && room.kind !== 'other') invitations.push(room)
    this.rooms.value = rooms
    this.invitations.value = invitations
    if (room.kind !== 'other') this.#soonReadPeople()
  }

  #people: ReturnType<typeof setTimeout> | undefined
  #soonReadPeople(): void {
    clearTimeout(this.#people)
    this.#people = setTimeout(() => void this.readPeople().catch(() => {}), 500)
  }
}

function sorted(rooms: ReadonlyMap<string, Room>, kind: string): Room[] {
  return [...rooms.values()]
    .filter((room) => room.kind === kind)
    .sort((a, b) => (a.name ?? '').localeCompare(b.name ?? ''))
}

export const twin = new Twin()
