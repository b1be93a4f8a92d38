/** Matrix IDs of people, as somebody types them. */

const SERVER = /^[A-Za-z0-9.\-]+(:\d{1,5})?$|^\[[0-9A-Fa-f:.]+\](:\d{1,5})?$/
const LONGEST = 255
/** What may stand in a part of a URI's path as it is (RFC 3986, `pchar`). */
const PLAIN = /%(?:24|26|2B|2C|3A|3B|3D|40)/g

export type Wrong = 'empty' | 'no-at' | 'email' | 'no-server' | 'bad' | 'you'

/** Tells what is wrong with a Matrix ID that somebody typed, undefined where nothing is. */
export function wrongWith(id: string, owner: string): Wrong | undefined {
  if (id === '') return 'empty'
  if (!id.startsWith('@')) return /^[^\s@:]+@[^\s@:]+\.[^\s@:]+$/.test(id) ? 'email' : 'no-at'
  const colon = id.indexOf(':')
  if (colon < 0 || colon === id.length - 1) return 'no-server'
  const local = id.slice(1, colon)
  if (local === '' || /[\s\p{C}]/u.test(local) || !SERVER.test(id.slice(colon + 1)) || id.length > LONGEST) return 'bad'
  return id === owner ? 'you' : undefined
}

/** Returns the address that opens a chat with a person in their Matrix app (Matrix appendices, "Matrix URI scheme"). */
export function chatAddress(id: string): string {
  const name = encodeURIComponent(id.slice(1)).replace(PLAIN, decodeURIComponent)
  return `matrix:u/${name}?action=chat`
}
