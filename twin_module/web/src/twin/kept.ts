/**
 * What a person wrote in documents and the twin does not have yet, kept at this browser over a reload.
 *
 * Each edit is an entry of its own, so that no tab ever overwrites what another one keeps.
 */

import { createStore, delMany, entries, set, type UseStore } from 'idb-keyval'
import type { Place } from './types'

export interface Kept {
  /** Of the person who wrote: another one at this browser must not send it. */
  owner: string
  place: Place
  at: number
  /** A Yjs update. */
  update: Uint8Array
  /** Whether the update is the whole text, not only what was changed. */
  whole: boolean
}

export class KeptEdits {
  readonly #store: UseStore = createStore('twin-documents', 'edits')

  /** Keeps an edit, and tells whether that can be: private windows may have no storage. */
  async keep(id: string, kept: Kept): Promise<boolean> {
    return await set(id, kept, this.#store).then(
      () => true,
      () => false,
    )
  }

  /** Returns what is kept of a document, by its IDs, oldest first. */
  async of(owner: string, place: Place): Promise<[string, Kept][]> {
    const all = await this.#all()
    return all.filter(([, kept]) => kept.owner === owner && isSame(kept.place, place)).sort(([, a], [, b]) => a.at - b.at)
  }

  /** Returns the documents of which something is kept. */
  async places(owner: string): Promise<Place[]> {
    const found: Place[] = []
    for (const [, kept] of await this.#all()) {
      if (kept.owner === owner && !found.some((each) => isSame(each, kept.place))) found.push(kept.place)
    }
    return found
  }

  async forget(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await delMany([...ids], this.#store).catch(() => {})
  }

  /** Forgets everything of a person, because they sign out. */
  async clear(owner: string): Promise<void> {
    await this.forget((await this.#all()).filter(([, kept]) => kept.owner === owner).map(([id]) => id))
  }

  async #all(): Promise<[string, Kept][]> {
    try {
      return await entries<string, Kept>(this.#store)
    } catch {
      return []
    }
  }
}

function isSame(one: Place, other: Place): boolean {
  return one.room_id === other.room_id && one.capability === other.capability && one.uid === other.uid
}
