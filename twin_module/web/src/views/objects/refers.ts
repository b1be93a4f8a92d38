/** What a text refers to, if it is an address of one of Matrix's things. Pure. */

export type Reference = { person: string } | { room: string; event?: string }

const PERSON = /^@[^:\s]+:\S+$/
const ROOM = /^![^\s/]+$/

/** Reads a Matrix ID, a room's ID or a `matrix:` URI (Matrix specification, appendices, "URIs"). */
export function reference(text: string): Reference | undefined {
  if (PERSON.test(text)) return { person: text }
  if (ROOM.test(text)) return { room: text }
  if (!text.startsWith('matrix:')) return undefined
  const [kind, id, more, event] = text.slice('matrix:'.length).split('?')[0]!.split('/').map(decoded)
  if (kind === 'u' && id) return PERSON.test(`@${id}`) ? { person: `@${id}` } : undefined
  if (kind === 'roomid' && id)
    return more === 'e' && event ? { room: `!${id}`, event: `$${event}` } : { room: `!${id}` }
  return undefined
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** Returns an address that a page may link to, or undefined: programs as addresses are none. */
export function safeAddress(text: string): string | undefined {
  if (/[\s\u0000-\u001f]/.test(text)) return undefined
  try {
    return ['https:', 'http:', 'mailto:', 'matrix:'].includes(new URL(text).protocol) ? text : undefined
  } catch {
    return undefined
  }
}
