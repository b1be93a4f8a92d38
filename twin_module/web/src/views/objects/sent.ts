/** Waits for the twin's word on a write, so that a form can show a refusal where it belongs. */

import { effect } from '@preact/signals'
import { twin } from '../../twin/twin'

/** Longer than this nobody looks at a busy button; the write goes on waiting in the outbox. */
const PATIENCE_MS = 5000

/**
 * Runs something that writes once, and returns what became of it: `arrived`, or `waiting` while the twin is away.
 *
 * Throws the refusal of the twin, which is then shown nowhere else.
 */
export function sent(write: () => void): Promise<'arrived' | 'waiting'> {
  const before = twin.outbox.waiting.value.length
  write()
  const mine = twin.outbox.waiting.value.at(-1)
  if (mine === undefined || twin.outbox.waiting.value.length === before) return Promise.resolve('arrived')
  if (!twin.live.connected.value) return Promise.resolve('waiting')
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => done(() => resolve('waiting')), PATIENCE_MS)
    let over = false
    const stop = effect(() => {
      const waits = twin.outbox.waiting.value.some((each) => each.id === mine.id)
      const rejected = twin.outbox.rejected.value.find((each) => each.write.id === mine.id)
      if (waits || over) return
      // Both signals are set one after the other; the refusal may come a moment later.
      if (rejected === undefined) setTimeout(() => done(look), 0)
      else done(look)
    })
    function look(): void {
      const rejected = twin.outbox.rejected.value.find((each) => each.write.id === mine!.id)
      if (rejected === undefined) return resolve('arrived')
      twin.outbox.dismiss(rejected)
      reject(rejected.error)
    }
    function done(then: () => void): void {
      if (over) return
      over = true
      clearTimeout(timer)
      queueMicrotask(() => stop())
      then()
    }
  })
}
