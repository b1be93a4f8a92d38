/** Calls of the twin's API. The session is a cookie that no script can read. */

export const HOME = '/_synapse/client/twin'
export const API = `${HOME}/v1`
/** A header that no page of another origin can send along: it says that this page asks. */
export const OURS = { 'X-Twin-Page': '1' }

/** The twin answered, and says no. */
export class Refused extends Error {
  override name = 'Refused'
  constructor(
    readonly status: number,
    readonly errcode: string,
    /** A sentence for a person. */
    message: string,
    readonly fields: Readonly<Record<string, unknown>> = {},
  ) {
    super(message)
  }
}

/** No answer: the network or the twin is away. What was asked may be asked again later. */
export class Away extends Error {
  override name = 'Away'
  constructor(
    readonly retryAfterMs = 0,
    /** What the twin says of it, where it was the twin that answered: it is not the twin that is away. */
    readonly said = '',
  ) {
    super('The twin does not answer.')
  }
}

export interface Asked {
  body?: unknown
  /** A file that is the body, in place of JSON. */
  file?: Blob
  query?: Record<string, string | number | undefined>
  headers?: Record<string, string>
  signal?: AbortSignal
}

type Listener = () => void
const signedOut = new Set<Listener>()

/** Calls a listener whenever the twin says that nobody is signed in here. */
export function onSignedOut(listener: Listener): () => void {
  signedOut.add(listener)
  return () => signedOut.delete(listener)
}

/** Joins parts of a path; room IDs and uids may hold anything. */
export function path(...parts: string[]): string {
  return parts.map(encodeURIComponent).join('/')
}

export async function ask(method: string, where: string, asked: Asked = {}): Promise<Response> {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(asked.query ?? {})) {
    if (value !== undefined) query.set(name, String(value))
  }
  const tail = query.size > 0 ? `?${query}` : ''
  let response: Response
  try {
    response = await fetch(`${API}/${where}${tail}`, {
      method,
      headers: {
        ...OURS,
        ...(asked.body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(asked.file === undefined ? {} : { 'Content-Type': asked.file.type }),
        ...asked.headers,
      },
      ...(asked.body === undefined ? {} : { body: JSON.stringify(asked.body) }),
      ...(asked.file === undefined ? {} : { body: asked.file }),
      ...(asked.signal ? { signal: asked.signal } : {}),
      credentials: 'same-origin',
      cache: 'no-store',
    })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new Away()
  }
  if (response.ok) return response
  throw await refusal(response)
}

/** Makes a call and returns what it answers as JSON. */
export async function call<T>(method: string, where: string, asked: Asked = {}): Promise<T> {
  const response = await ask(method, where, asked)
  try {
    return (await response.json()) as T
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new Away() // cut off in the middle, or somebody else answered for the twin
  }
}

export const get = <T>(where: string, query: Asked['query'] = {}): Promise<T> => call('GET', where, { query })
export const post = <T>(where: string, body: unknown = {}): Promise<T> => call('POST', where, { body })

/** Runs a command of a capability. */
export const command = <T>(capability: string, name: string, args: unknown): Promise<T> =>
  post(path('commands', capability, name), args)

/** What the twin is asked for too often, or can't have from elsewhere. */
const TOLD: ReadonlySet<string> = new Set(['M_LIMIT_EXCEEDED', 'ORG.DIGITALTWIN.UNREACHABLE'])

async function refusal(response: Response): Promise<Error> {
  let body: Record<string, unknown> = {}
  try {
    body = (await response.json()) as Record<string, unknown>
  } catch {
    // A proxy between us says it in HTML.
  }
  const { errcode, error, ...fields } = body
  const said = typeof error === 'string' && TOLD.has(String(errcode)) ? error : ''
  if (response.status >= 502 && response.status <= 504) return new Away(0, said)
  if (response.status === 429) return new Away(Number(fields.retry_after_ms ?? 1000), said)
  if (response.status === 401) for (const listener of signedOut) listener()
  return new Refused(
    response.status,
    typeof errcode === 'string' ? errcode : 'M_UNKNOWN',
    typeof error === 'string' ? error : response.statusText,
    fields,
  )
}
