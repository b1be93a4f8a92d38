/**
 * The stream of changes (server-sent events, WHATWG HTML section 9.2), over `fetch`, so that it can carry a
 * header and be watched: after sleep a dead connection looks alive until somebody looks at the clock.
 */

import { signal } from '@preact/signals'
import { createParser } from 'eventsource-parser'
import { ask, Away, Refused } from './api'

/** The twin says something every 15 seconds; after this silence the connection counts as dead. */
const SILENCE_MS = 35_000
const LOOK_MS = 5_000
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 8_000

export type Handler = (event: string, data: unknown) => void

export class Live {
  /** Whether changes are coming in. */
  readonly connected = signal(false)
  #last: string | undefined
  /** By the clock: timers stand still while the device sleeps. */
  #heardAt = 0
  #running: AbortController | undefined
  #connection: AbortController | undefined
  #wake: (() => void) | undefined

  constructor(readonly handler: Handler) {}

  /**
   * Begins, and returns when the first connection stands: what is read after that misses nothing.
   *
   * Throws Away or Refused when the first one can't be made, AbortError when it was stopped before; all others
   * are tried again and again.
   */
  start(): Promise<void> {
    this.stop()
    const stopped = new AbortController()
    this.#running = stopped
    const { signal } = stopped
    addEventListener('offline', () => this.#connection?.abort(), { signal })
    addEventListener('online', this.#hurry, { signal })
    document.addEventListener('visibilitychange', this.#hurry, { signal })
    const looking = setInterval(this.#look, LOOK_MS)
    signal.addEventListener('abort', () => clearInterval(looking))
    return new Promise((resolve, reject) => void this.#follow(signal, resolve, reject))
  }

  stop(): void {
    this.#running?.abort()
    this.#running = undefined
    this.#last = undefined
    this.connected.value = false
  }

  #hurry = (): void => {
    if (document.visibilityState !== 'visible') return
    this.#look()
    this.#wake?.()
  }

  #look = (): void => {
    if (Date.now() - this.#heardAt > SILENCE_MS) this.#connection?.abort()
  }

  async #follow(stopped: AbortSignal, ready: () => void, failed: (problem: unknown) => void): Promise<void> {
    let pause = FIRST_PAUSE_MS
    let stood = false
    for (;;) {
      let problem: unknown = new Away()
      try {
        await this.#connect(stopped, () => {
          pause = FIRST_PAUSE_MS
          stood = true
          ready()
        })
      } catch (error) {
        problem = error
      }
      if (stopped.aborted) return failed(problem)
      if (!stood || (problem instanceof Refused && problem.status === 401)) {
        this.stop()
        return failed(problem instanceof Refused ? problem : new Away())
      }
      this.connected.value = false
      await this.#pause(pause)
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
    }
  }

  async #connect(stopped: AbortSignal, ready: () => void): Promise<void> {
    const connection = new AbortController()
    this.#connection = connection
    this.#heardAt = Date.now()
    try {
      const response = await ask('GET', 'changes', {
        headers: this.#last === undefined ? {} : { 'Last-Event-ID': this.#last },
        signal: AbortSignal.any([stopped, connection.signal]),
      })
      const parser = createParser({
        onEvent: ({ id, event, data }) => {
          if (id !== undefined) this.#last = id
          if (event === 'ready') {
            this.connected.value = true
            ready()
          } else this.handler(event ?? 'message', JSON.parse(data))
        },
      })
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
      for (;;) {
        const part = await reader?.read()
        if (part === undefined || part.done) return
        this.#heardAt = Date.now()
        parser.feed(part.value)
      }
    } finally {
      this.#connection = undefined
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms)
      const wake = (this.#wake = done)
      const live = this
      function done(): void {
        clearTimeout(timer)
        if (live.#wake === wake) live.#wake = undefined
        resolve()
      }
    })
  }
}
