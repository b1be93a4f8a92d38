/** What the twin says of itself, judged. Pure. */

export interface Status {
  version: string
  /** How far the twin has read what its server stored; null before the first time. */
  position: number | null
  /** How far that goes. */
  stream: number
  /** How many events of others do not fit, by room. */
  left_out: Record<string, number>
  /** Rooms in which something could not be done yet. */
  to_be_tried_again: string[]
  /** Who reminds the owner, and why nobody can, if so. */
  voice?: { user_id: string; problem: string | null }
}

export interface Judged {
  /** Whether there is nothing to look at. */
  fine: boolean
  /** How many steps of the stream are not read yet. */
  behind: number
  leftOut: number
}

export function judged(status: Status): Judged {
  const behind = Math.max(0, status.stream - (status.position ?? 0))
  const leftOut = Object.values(status.left_out).reduce((sum, count) => sum + count, 0)
  // What others send and does not fit is no fault of the twin: it did what it should.
  return { fine: behind === 0 && status.to_be_tried_again.length === 0, behind, leftOut }
}
