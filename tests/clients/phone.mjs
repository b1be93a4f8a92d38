// A Matrix client without a screen: matrix-js-sdk as it comes from npm. It is told what to do by
// lines on its standard input, each a JSON object, and answers each with a line of JSON.
import { createInterface } from 'node:readline'

// The SDK uses what Node.js has from 22 on, and writes its log to the standard output.
Promise.withResolvers ??= function () { let end; const promise = new this((...ends) => { end = ends }); return { promise, resolve: end[0], reject: end[1] } }
for (const kind of ['log', 'debug', 'info', 'trace', 'warn']) console[kind] = () => {}
const { ClientEvent, createClient, SyncState } = await import('matrix-js-sdk')

let client

const relation = (event) => event.getWireContent()['m.relates_to'] ?? {}
const isEdit = (event) => relation(event).rel_type === 'm.replace'
const push = (event) => {
  const actions = client.getPushActionsForEvent(event)
  return { pushed: actions?.notify ?? false, highlighted: actions?.tweaks?.highlight ?? false }
}

async function timeline(roomId) {
  const room = client.getRoom(roomId)
  if (!room) return []
  while (room.oldState.paginationToken) await client.scrollback(room, 250)
  return room.getLiveTimeline().getEvents()
}

const does = {
  async start({ url, user, password }) {
    const identifier = { type: 'm.id.user', user }
    const login = { type: 'm.login.password', identifier, password }
    const answer = await createClient({ baseUrl: url }).loginRequest(login)
    client = createClient({
      baseUrl: url,
      userId: answer.user_id,
      deviceId: answer.device_id,
      accessToken: answer.access_token,
    })
    const { promise, resolve } = Promise.withResolvers()
    client.on(ClientEvent.Sync, (state) => { if (state === SyncState.Prepared) resolve() })
    await client.startClient({ initialSyncLimit: 30 })
    await promise
  },
  rooms: () => Object.fromEntries(client.getRooms().map((room) => [room.roomId, {
    name: room.name,
    membership: room.getMyMembership(),
    highlights: room.getUnreadNotificationCount('highlight') ?? 0,
  }])),
  direct: () => client.getAccountData('m.direct')?.getContent() ?? {},
  send: async ({ room, type, content }) => (await client.sendEvent(room, type, content)).event_id,
  redact: async ({ room, event }) => { await client.redactEvent(room, event) },
  messages: async ({ room }) => (await timeline(room))
    .filter((event) => event.getType() === 'm.room.message' && !event.isRedacted() && !isEdit(event))
    .map((event) => ({
      event_id: event.getId(),
      sender: event.getSender(),
      content: event.getContent(),
      edited: !!event.replacingEventId(),
      reply_to: event.replyEventId ?? null,
      ...push(event),
    })),
  pushed: async ({ room }) => (await timeline(room))
    .filter((event) => event.getSender() !== client.getUserId() && push(event).pushed)
    .map((event) => event.getId()),
  reactions: async ({ room }) => (await timeline(room))
    .filter((event) => event.getType() === 'm.reaction' && !event.isRedacted())
    .map((event) => [relation(event).event_id, relation(event).key, event.getSender()]),
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line)
  let answer
  try {
    answer = { found: (await does[asked.do](asked)) ?? null }
  } catch (error) {
    answer = { problem: String(error) }
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
client?.stopClient()
process.exit(0)
