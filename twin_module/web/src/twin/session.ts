/**
 * Signing in: an ordinary Matrix login, whose access token goes to the twin once and comes back as a cookie
 * that no script can read. The page itself keeps no token.
 */

import { API, Away, HOME, OURS, Refused } from './api'

export interface Flow {
  type: string
  identity_providers?: { id: string; name: string }[]
}

interface LoginAnswer {
  access_token: string
}

const LOGIN = '/_matrix/client/v3/login'
const LOGOUT = '/_matrix/client/v3/logout'
/** In the fragment of a one-time link; a fragment is never sent to a server. */
const LINK = 'sign-in'
/** In the query, where Matrix puts it after single sign-on. */
const SSO = 'loginToken'

/** Returns the ways to sign in that the homeserver offers. */
export async function flows(): Promise<Flow[]> {
  return ((await matrix('GET', LOGIN)) as { flows: Flow[] }).flows
}

/** Tells whether somebody means the owner by what they typed: a Matrix ID, or the name in it. */
export function isMeant(typed: string, owner: string): boolean {
  const id = owner.toLowerCase().replace(/^@/, '')
  return [id, id.split(':')[0]].includes(typed.trim().toLowerCase().replace(/^@/, ''))
}

export async function signInWithPassword(user: string, password: string): Promise<void> {
  await signIn({ type: 'm.login.password', identifier: { type: 'm.id.user', user }, password })
}

/** Returns where the browser has to go for single sign-on; it comes back with a token in the address. */
export function ssoAddress(provider: string | undefined): string {
  const way = provider === undefined ? '' : `/${encodeURIComponent(provider)}`
  const back = `${location.origin}${HOME}/`
  return `${LOGIN}/sso/redirect${way}?redirectUrl=${encodeURIComponent(back)}`
}

/**
 * Takes the one-time token out of the page's address, so that it stays in no history and no bookmark.
 *
 * Also where somebody is signed in already: whoever sees the address could use the token.
 */
export function tokenFromAddress(): string | undefined {
  const address = new URL(location.href)
  const token = new URLSearchParams(address.hash.slice(1)).get(LINK) ?? address.searchParams.get(SSO)
  if (token === null) return undefined
  address.hash = ''
  address.searchParams.delete(SSO)
  history.replaceState(null, '', address)
  return token
}

/** Signs in with a one-time token; throws Refused when it is used up. */
export const signInWithToken = (token: string): Promise<void> => signIn({ type: 'm.login.token', token })

async function signIn(how: Record<string, unknown>): Promise<void> {
  const { access_token } = (await matrix('POST', LOGIN, {
    ...how,
    initial_device_display_name: `Home page (${browser()})`,
  })) as LoginAnswer
  const headers = { ...OURS, Authorization: `Bearer ${access_token}` }
  try {
    const kept = await fetch(`${API}/cookie`, { method: 'PUT', headers })
    if (!kept.ok) throw await problem(kept)
  } catch (error) {
    // Nobody has the token then, so nobody could ever sign it out.
    await fetch(LOGOUT, { method: 'POST', headers }).catch(() => {})
    throw error instanceof Refused ? error : new Away()
  }
}

async function matrix(method: string, where: string, body?: unknown): Promise<unknown> {
  let response: Response
  try {
    response = await fetch(where, {
      method,
      credentials: 'omit',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  } catch {
    throw new Away()
  }
  if (!response.ok) throw await problem(response)
  return response.json()
}

async function problem(response: Response): Promise<Error> {
  const said = (await response.json().catch(() => ({}))) as Record<string, unknown>
  const { errcode, error, ...fields } = said
  if (response.status >= 502 && response.status <= 504) return new Away()
  return new Refused(response.status, String(errcode ?? 'M_UNKNOWN'), String(error ?? response.statusText), fields)
}

/** Returns what a person would call this browser, for their list of devices. */
function browser(): string {
  const agent = navigator.userAgent
  const name = /Firefox/.test(agent) ? 'Firefox' : /Edg\//.test(agent) ? 'Edge' : /Chrome/.test(agent) ? 'Chrome' : 'Safari'
  const system = /Android/.test(agent)
    ? 'Android'
    : /iPhone|iPad/.test(agent)
      ? 'iOS'
      : /Mac/.test(agent)
        ? 'macOS'
        : /Windows/.test(agent)
          ? 'Windows'
          : 'Linux'
  return `${name}, ${system}`
}
