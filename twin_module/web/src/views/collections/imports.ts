/** Imports as the API has them, and which file is what. */

export interface Import {
  import_id: string
  state: 'running' | 'done' | 'failed'
  /** How many entries the file has; 0 until that is known. */
  total: number
  written: number
  /** How many were there already. */
  unchanged: number
  refused?: { name: string; reason: string }[]
  refused_count: number
  /** Why it failed, or was stopped. */
  problem?: string
}

const CALENDAR = 'text/calendar'
const CONTACTS = 'text/vcard'
const BEGINNING_BYTES = 200

/** Returns how many entries it is through with. */
export function doneOf({ written, unchanged, refused_count, total }: Import): number {
  return Math.min(written + unchanged + refused_count, Math.max(total, 1))
}

/** Returns what a file is by how it begins: what systems say of such files differs. Undefined for any other. */
export async function typeOf(file: Blob): Promise<string | undefined> {
  const begins = (await file.slice(0, BEGINNING_BYTES).text()).replace(/^[\ufeff\s]+/, '').toUpperCase()
  if (begins.startsWith('BEGIN:VCALENDAR')) return CALENDAR
  return begins.startsWith('BEGIN:VCARD') ? CONTACTS : undefined
}
