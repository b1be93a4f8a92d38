/** Reads the collection of a widget again whenever it changes, without cookie, and with the token in no address. */

import { API } from '../twin/api'
import type { Content } from '../twin/types'

export interface ShownObject {
  capability: string
  uid: string
  etag: string
  sender: string
  /** Milliseconds since 1970. */
  updated: number
  title: string
  content: Content
}

export interface ShownEvent {
  uid: string
  /** In UTC. */
  start: string
  end: string
  /** Its first day, of an event that takes whole days. */
  day?: string
  /** Empty where only the times are shown. */
  title: string
  cancelled: boolean
}

export interface Shown {
  revision: string
  owner: string
  collection: { name: string | null }
  objects: readonly ShownObject[]
  next: readonly ShownEvent[]
  more: boolean
}

export type Standing =
  | { is: 'reading' }
  | { is: 'there'; shown: Shown; away: boolean }
  /** The widget was withdrawn, or its address was not copied whole. */
  | { is: 'nothing' }
  | { is: 'away' }

const FIRST_PAUSE_MS = 2_000
const LONGEST_PAUSE_MS = 60_000

/** Reads until it is told to stop, or until there is nothing to be read any more. */
export async function follow(token: string, stop: AbortSignal, tell: (standing: Standing) => void): Promise<void> {
  let shown: Shown | undefined
  let pause = 0
  while (!stop.aborted) {
    await visible(stop)
    const began = Date.now()
    const answer = await ask(token, shown?.revision, stop)
    if (stop.aborted) return
    if (answer === 'nothing') return tell({ is: 'nothing' })
    if (answer === 'away') {
      pause = Math.min(Math.max(pause * 2, FIRST_PAUSE_MS), LONGEST_PAUSE_MS)
      tell(shown === undefined ? { is: 'away' } : { is: 'there', shown, away: true })
    } else {
      // Whoever is not made to wait for news asks more slowly by themselves.
      const waited = shown === undefined || Date.now() - began > FIRST_PAUSE_MS || isShown(answer)
      pause = waited ? 0 : LONGEST_PAUSE_MS / 4
      if (isShown(answer)) shown = answer
      if (shown !== undefined) tell({ is: 'there', shown, away: false })
    }
    if (pause > 0) await sleep(pause, stop)
  }
}

type Answer = Shown | { revision: string } | 'nothing' | 'away'

const isShown = (answer: Shown | { revision: string }): answer is Shown => 'objects' in answer

async function ask(token: string, known: string | undefined, signal: AbortSignal): Promise<Answer> {
  try {
    const response = await fetch(`${API}/widget`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(known === undefined ? { token } : { token, known }),
      // Where client and twin are of one site, the frame would have the owner's cookie; it is not for this.
      credentials: 'omit',
      cache: 'no-store',
      signal,
    })
    if (response.ok) return (await response.json()) as Shown | { revision: string }
    return [400, 403, 404].includes(response.status) ? 'nothing' : 'away'
  } catch {
    return 'away'
  }
}

function sleep(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, ms)
    stop.addEventListener('abort', () => {
      clearTimeout(timer)
      done()
    })
  })
}

/** Nobody looks at a hidden page, so it asks nothing. */
function visible(stop: AbortSignal): Promise<void> {
  if (!document.hidden) return Promise.resolve()
  return new Promise((done) => {
    const look = (): void => {
      if (document.hidden && !stop.aborted) return
      document.removeEventListener('visibilitychange', look)
      done()
    }
    document.addEventListener('visibilitychange', look)
    stop.addEventListener('abort', look)
  })
}
