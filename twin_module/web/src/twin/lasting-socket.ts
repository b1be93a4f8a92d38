/** A WebSocket that comes back by itself, until it is told that there is no use. */

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 20_000
/** The twin says something every 15 seconds; after this silence the connection counts as dead. */
const SILENCE_MS = 35_000

export interface Listener {
  opened(): void
  heard(message: Uint8Array): void
  /** Tells whether to come back; a code of 0 is a connection that never stood. */
  closed(code: number, reason: string): boolean
}

export class LastingSocket {
  #socket: WebSocket | undefined
  #stood = false
  #stopped = false
  #pause = FIRST_PAUSE_MS
  #again: ReturnType<typeof setTimeout> | undefined
  #silence: ReturnType<typeof setTimeout> | undefined
  readonly #ended = new AbortController()

  constructor(
    readonly address: string,
    readonly listener: Listener,
  ) {
    const { signal } = this.#ended
    addEventListener('online', this.hurry, { signal })
    addEventListener('offline', () => this.#lost(1006, ''), { signal })
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && this.hurry(), {
      signal,
    })
    this.#connect()
  }

  send(message: Uint8Array): void {
    if (this.#stood) this.#socket?.send(message as Uint8Array<ArrayBuffer>)
  }

  /** Tries at once, as when the network is back. */
  hurry = (): void => {
    if (this.#socket !== undefined || this.#stopped) return
    this.#pause = FIRST_PAUSE_MS
    this.#connect()
  }

  stop(): void {
    this.#stopped = true
    this.#ended.abort()
    clearTimeout(this.#again)
    this.#letGo()
  }

  #connect(): void {
    clearTimeout(this.#again)
    const socket = new WebSocket(this.address)
    socket.binaryType = 'arraybuffer'
    this.#socket = socket
    socket.onopen = () => {
      this.#stood = true
      this.#listen()
      this.listener.opened()
    }
    socket.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
      // Only a twin that speaks is there; one that takes connections and drops them is not.
      this.#pause = FIRST_PAUSE_MS
      this.#listen()
      this.listener.heard(new Uint8Array(data))
    }
    socket.onclose = ({ code, reason }) => this.#lost(this.#stood ? code : 0, reason)
  }

  #listen(): void {
    clearTimeout(this.#silence)
    this.#silence = setTimeout(() => this.#lost(1006, ''), SILENCE_MS)
  }

  #lost(code: number, reason: string): void {
    if (this.#socket === undefined) return
    this.#letGo()
    if (!this.listener.closed(code, reason) || this.#stopped) return
    this.#again = setTimeout(() => this.#connect(), this.#pause)
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS)
  }

  #letGo(): void {
    clearTimeout(this.#silence)
    const socket = this.#socket
    this.#socket = undefined
    this.#stood = false
    if (socket === undefined) return
    socket.onopen = socket.onmessage = socket.onclose = null
    socket.close()
  }
}
