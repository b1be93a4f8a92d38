// A twin, by its own API (docs/api.md). Only signing in and out is plain Matrix.
const TWIN = '/_synapse/client/twin/v1'

export class Server {
  constructor({ address, token }) {
    this.ask = async (method, path, body, more) => {
      const headers = { ...(token && { Authorization: `Bearer ${token}` }), ...more }
      if (path.startsWith(TWIN)) headers['X-Experience'] = 'Shopping' // the history shows it
      const response = await fetch(address + path, { method, headers, body: JSON.stringify(body) })
      if (response.ok) return path === `${TWIN}/changes` ? response.body : response.json()
      const { error, errcode } = await response.json()
      throw Object.assign(new Error(error), { code: errcode })
    }
  }

  static async signIn(address, user, password) {
    const [type, identifier] = ['m.login.password', { type: 'm.id.user', user }]
    const login = { type, identifier, password, initial_device_display_name: 'Shopping' }
    const answer = await new Server({ address }).ask('POST', '/_matrix/client/v3/login', login)
    return { address, token: answer.access_token }
  }

  signOut = () => this.ask('POST', '/_matrix/client/v3/logout', {})

  // All collections with all their items: at first, and again whenever something changed.
  async *lists() {
    const changes = await this.ask('GET', `${TWIN}/changes`) // opened first: none is missed
    const lists = new Map()
    const { collections } = await this.ask('GET', `${TWIN}/collections`)
    for (const room of collections) take(lists, room)
    for (let from = {}; from; ) {
      const query = new URLSearchParams({ capability: 'tasks', limit: 1000, ...from })
      const { objects, next_batch } = await this.ask('GET', `${TWIN}/objects?${query}`)
      for (const object of objects) take(lists, object)
      from = next_batch && { from: next_batch }
    }
    yield lists
    for await (const change of events(changes)) yield take(lists, change)
  }

  run = (command, input) => this.ask('POST', `${TWIN}/commands/tasks/${command}`, input)
  add = (room_id, title) => this.run('add', { room_id, title })
  tick = (room_id, { uid }) => this.run('complete', { room_id, uid })

  // Only the version that we saw: if somebody changed it meanwhile, the twin refuses and says so.
  remove = (room, { uid, etag }) => {
    const path = `${TWIN}/rooms/${encodeURIComponent(room)}/tasks/${encodeURIComponent(uid)}`
    return this.ask('DELETE', path, undefined, { 'If-Match': etag })
  }
}

// What changed is a room, an object, or how many versions of an object wait to be merged.
function take(lists, { room_id, kind, membership, name, capability, uid, etag, content, removed }) {
  if (!lists.has(room_id)) lists.set(room_id, { items: new Map() })
  const list = lists.get(room_id)
  const isCollection = kind === 'collection' && membership === 'join'
  if (kind) Object.assign(list, { name, isCollection })
  if (capability === 'tasks' && content?.title) list.items.set(uid, { uid, etag, content })
  if (removed) list.items.delete(uid)
  return lists
}

// The data of server-sent events, read by hand: EventSource can't send an access token.
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  for (let rest = '', part; !(part = await reader.read()).done; ) {
    const lines = (rest + part.value).split('\n')
    rest = lines.pop()
    for (const line of lines) if (line.startsWith('data: ')) yield JSON.parse(line.slice(6))
  }
}
