/** Addresses that others wrote: which may be a link, and whether a link's words tell the truth about it. */

const SCHEMES = new Set(['http:', 'https:', 'mailto:', 'matrix:'])
/** Marks that turn the direction of what follows; an address could be read as another one by them. */
const TURNING = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
const LIKE_A_HOST = /^(?:[a-z][a-z0-9+.-]*:\/\/)?([^\s/?#]*[\p{L}\p{N}]\.\p{L}{2,}[^\s/?#]*)/iu
const LIKE_MAIL = /^[^\s@/]+@[^\s@/]+\.[^\s@/]+$/
const LIKE_MATRIX = /^[@#!][^\s:]+:[^\s]+$/

/** Returns an address that a link may lead to, undefined for any other. */
export function safeAddress(address: string): string | undefined {
  // Without a base: what is relative would lead to a place in this page that nobody can see beforehand.
  if (!URL.canParse(address)) return undefined
  const url = new URL(address)
  return SCHEMES.has(url.protocol) ? url.href : undefined
}

/** Returns the host of an address of the web, or what stands for it in another one. */
export function hostOf(address: string): string {
  const url = new URL(address)
  return url.host === '' ? decoded(url.pathname).slice(0, 100) : url.host
}

/** Returns words without marks that turn their direction. */
export function unturned(words: string): string {
  return words.replace(TURNING, '')
}

/**
 * Returns where a link really leads, if its words look like another address.
 *
 * Words are compared as they are read: `https://bank.example@evil.example` and letters that only look Latin
 * are other addresses, too.
 */
export function trueTarget(words: string, address: string): string | undefined {
  const said = unturned(words).trim()
  const url = new URL(address)
  if (LIKE_MAIL.test(said)) return address.toLowerCase() === `mailto:${said.toLowerCase()}` ? undefined : hostOf(address)
  if (LIKE_MATRIX.test(said)) return decoded(address).includes(said.slice(1)) ? undefined : hostOf(address)
  if (url.username !== '' || url.password !== '') return hostOf(address)
  const host = LIKE_A_HOST.exec(said)?.[1]
  if (host === undefined) return undefined
  return bare(host) === bare(url.host) ? undefined : hostOf(address)
}

const bare = (host: string): string => host.toLowerCase().replace(/^www\./, '').replace(/[.,;:]+$/, '')

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
