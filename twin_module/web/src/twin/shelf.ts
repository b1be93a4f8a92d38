/** All objects that the page has seen, as the twin has them. */

import { signal } from '@preact/signals'
import type { Place, TwinObject } from './types'

export function keyOf(place: Place): string {
  return `${place.room_id}\n${place.capability}\n${place.uid}`
}

export class Shelf {
  readonly #objects = new Map<string, TwinObject>()
  readonly #changes = signal(0)
  /** After how many changes of the shelf the stream brought an object. */
  readonly #heard = new Map<string, number>()

  /** Takes in objects; a removed one goes away. */
  take(objects: Iterable<TwinObject & { removed?: boolean }>): void {
    for (const each of objects) {
      if (each.removed === true) this.#objects.delete(keyOf(each))
      else this.#objects.set(keyOf(each), each)
    }
    this.#changes.value += 1
  }

  /** Takes in what the stream brought. */
  hear(object: TwinObject & { removed?: boolean }): void {
    this.take([object])
    this.#heard.set(keyOf(object), this.#changes.peek())
  }

  /** Begins a read; what it answers is taken in by what this returns, unless the stream brought something newer. */
  reading(): (objects: readonly TwinObject[]) => void {
    const began = this.#changes.peek()
    return (objects) => this.take(objects.filter((each) => (this.#heard.get(keyOf(each)) ?? 0) <= began))
  }

  /** Lets go of all objects of a room that one is no longer in. */
  leave(roomId: string): void {
    for (const [key, each] of this.#objects) if (each.room_id === roomId) this.#objects.delete(key)
    this.#changes.value += 1
  }

  /** Returns one object; who reads it in a component or a computed signal hears of changes. */
  get(place: Place): TwinObject | undefined {
    void this.#changes.value
    return this.#objects.get(keyOf(place))
  }

  /** Returns all objects; who reads it in a component or a computed signal hears of changes. */
  all(): IterableIterator<TwinObject> {
    void this.#changes.value
    return this.#objects.values()
  }

  clear(): void {
    this.#objects.clear()
    this.#heard.clear()
    this.#changes.value += 1
  }
}
