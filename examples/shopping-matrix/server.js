// A homeserver, by the plain Matrix client-server API. Two names are all that it knows of twins.
const COLLECTION = 'org.digitaltwin.collection' // the type of rooms that hold objects
const TASK = 'org.digitaltwin.task' // the type of state events that are tasks
const types = ['m.room.create', 'm.room.name', TASK]
const FILTER = JSON.stringify({ room: { state: { types }, timeline: { types } } })

export class Server {
  constructor({ address, token }) {
    this.ask = async (method, path, body) => {
      const headers = token ? { Authorization: `Bearer ${token}` } : {}
      const url = `${address}/_matrix/client/v3/${path}`
      const response = await fetch(url, { method, headers, body: JSON.stringify(body) })
      const answer = await response.json()
      if (!response.ok) throw Object.assign(new Error(answer.error), { code: answer.errcode })
      return answer
    }
  }

  static async signIn(address, user, password) {
    const [type, identifier] = ['m.login.password', { type: 'm.id.user', user }]
    const login = { type, identifier, password, initial_device_display_name: 'Shopping' }
    const { access_token: token } = await new Server({ address }).ask('POST', 'login', login)
    return { address, token }
  }

  signOut = () => this.ask('POST', 'logout', {})

  // All rooms with all their items: at first, and again whenever something changed.
  async *lists() {
    const lists = new Map()
    const query = new URLSearchParams({ filter: FILTER, timeout: 30_000 })
    for (;;) {
      const { rooms, next_batch } = await this.ask('GET', `sync?${query}`)
      query.set('since', next_batch)
      for (const [id, { state, timeline }] of Object.entries(rooms?.join ?? {})) {
        if (!lists.has(id)) lists.set(id, { name: id, isCollection: false, items: new Map() })
        for (const event of [...state.events, ...timeline.events]) take(lists.get(id), event)
      }
      for (const id of Object.keys(rooms?.leave ?? {})) lists.delete(id)
      if (rooms) yield lists
    }
  }

  // One after the other: writes side by side fork the room, and a sync may end with what was.
  put = (room, uid, content) => {
    const path = ['rooms', room, 'state', TASK, uid].map(encodeURIComponent).join('/')
    const go = () => this.ask('PUT', path, content)
    return (this.last = (this.last ?? Promise.resolve()).then(go, go))
  }
  remove = (room, { uid }) => this.put(room, uid, {})

  add = (room, title) => {
    const content = { '@type': 'Task', title, 'org.digitaltwin': { experience: 'Shopping' } }
    return this.put(room, crypto.randomUUID(), content)
  }

  // Fields that we do not know stay as they are, and `base` says which version we changed.
  tick = (room, { uid, etag, content }) => {
    const stamps = { ...content['org.digitaltwin'], base: etag, experience: 'Shopping' }
    return this.put(room, uid, { ...content, progress: 'completed', 'org.digitaltwin': stamps })
  }
}

// Nobody has judged what other servers send: look at it before you show it.
function take(list, { type, state_key: uid, event_id: etag, content }) {
  if (type === 'm.room.create') list.isCollection = content.type === COLLECTION
  if (type === 'm.room.name') list.name = String(content.name)
  if (type !== TASK || uid === undefined) return
  if (typeof content.title === 'string') list.items.set(uid, { uid, etag, content })
  else list.items.delete(uid)
}
