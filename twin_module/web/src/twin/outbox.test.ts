import 'fake-indexeddb/auto'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Outbox } from './outbox'
import { Shelf } from './shelf'
import type { TwinObject } from './types'

const ALICE = '@alice:a'
const PLACE = { room_id: '!room', capability: 'tasks', uid: 'bread' }
const BREAD: TwinObject = { ...PLACE, type: 'task', etag: '$1', sender: '@bob:b', updated: 1, title: 'Bread', content: { title: 'Bread' } }

const asked: { method: string; body: unknown }[] = []
let answer: () => Response | Promise<Response>

beforeEach(() => {
  asked.length = 0
  vi.stubGlobal('navigator', {})
  vi.stubGlobal('fetch', (_: string, { method, body }: { method: string; body?: string }) => {
    asked.push({ method, body: body === undefined ? undefined : JSON.parse(body) })
    return Promise.resolve().then(answer)
  })
})

afterEach(async () => {
  vi.useRealTimers()
  const outbox = new Outbox(new Shelf())
  for (const owner of [ALICE, '@bob:b']) {
    away()
    await outbox.start(owner)
    await outbox.clear()
  }
  vi.unstubAllGlobals()
})

function away(): void {
  answer = () => Promise.reject(new TypeError('no network'))
}

function written(): void {
  answer = () => Response.json({ ...PLACE, type: 'task', etag: '$2', changed: true })
}

function refused(status: number): void {
  answer = () => Response.json({ errcode: 'M_FORBIDDEN', error: 'You may only read here.' }, { status })
}

async function opened(owner = ALICE): Promise<{ outbox: Outbox; shelf: Shelf }> {
  const shelf = new Shelf()
  shelf.take([BREAD])
  const outbox = new Outbox(shelf)
  await outbox.start(owner)
  return { outbox, shelf }
}

test('a change shows at once as the change of whoever made it, and waits while the twin is away', async () => {
  away()
  const { outbox, shelf } = await opened()
  outbox.change(BREAD, { title: 'Good bread' })
  expect(outbox.shown(shelf.get(PLACE), PLACE)).toMatchObject({ title: 'Good bread', sender: ALICE })
  await vi.waitFor(() => expect(outbox.stuck.value).toBe(true))
  expect(outbox.waiting.value).toHaveLength(1)
  written()
  outbox.hurry()
  await vi.waitFor(() => expect(outbox.waiting.value).toHaveLength(0))
  expect(outbox.stuck.value).toBe(false)
  expect(shelf.get(PLACE)).toMatchObject({ title: 'Good bread', etag: '$2' })
})

test('what is refused is taken back with the reason, and what comes behind it goes on', async () => {
  away()
  const { outbox, shelf } = await opened()
  outbox.change(BREAD, { title: 'Good bread' })
  outbox.change(BREAD, { priority: 1 })
  await vi.waitFor(() => expect(outbox.stuck.value).toBe(true))
  answer = () => {
    written()
    return Response.json({ errcode: 'M_FORBIDDEN', error: 'You may only read here.' }, { status: 403 })
  }
  outbox.hurry()
  await vi.waitFor(() => expect(outbox.waiting.value).toHaveLength(0))
  expect(outbox.rejected.value.map(({ error }) => error.message)).toEqual(['You may only read here.'])
  expect(shelf.get(PLACE)?.content).toEqual({ title: 'Bread', priority: 1 })
})

test('what waits is still there after a reload, and is sent in the order in which it was written', async () => {
  away()
  const { outbox } = await opened()
  outbox.make('!room', 'tasks', 'task', { title: 'One' })
  outbox.change(BREAD, { title: 'Two' })
  await vi.waitFor(async () => expect(await outbox.stored()).toHaveLength(2))
  written()
  asked.length = 0
  const { outbox: later } = await opened()
  await vi.waitFor(() => expect(later.waiting.value).toHaveLength(0))
  expect(asked).toEqual([
    { method: 'PUT', body: { title: 'One' } },
    { method: 'PATCH', body: { title: 'Two' } },
  ])
  expect(await later.stored()).toEqual([])
})

test('another person at this browser neither sees nor sends it', async () => {
  away()
  const { outbox } = await opened()
  outbox.change(BREAD, { title: 'Secret' })
  await vi.waitFor(async () => expect(await outbox.stored()).toHaveLength(1))
  written()
  asked.length = 0
  const { outbox: other } = await opened('@bob:b')
  expect(other.waiting.value).toEqual([])
  expect(asked).toEqual([])
})

test('who is signed out keeps what waits for when they sign in again, and forgets it by signing out themselves', async () => {
  refused(401)
  const { outbox } = await opened()
  outbox.change(BREAD, { title: 'Good bread' })
  await vi.waitFor(() => expect(asked).toHaveLength(1))
  await vi.waitFor(async () => expect(await outbox.stored()).toHaveLength(1))
  expect(outbox.rejected.value).toEqual([])
  await outbox.clear()
  expect(await outbox.stored()).toEqual([])
})

test('what the twin fails at is tried again, and given back when it fails every time', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  refused(500)
  const { outbox } = await opened()
  outbox.change(BREAD, { title: 'Good bread' })
  await vi.waitFor(() => expect(outbox.stuck.value).toBe(true))
  expect(outbox.waiting.value).toHaveLength(1)
  written()
  outbox.hurry()
  await vi.waitFor(() => expect(outbox.waiting.value).toHaveLength(0))
  expect(outbox.rejected.value).toEqual([])
  refused(500)
  outbox.change(BREAD, { title: 'Better bread' })
  await vi.waitFor(async () => {
    await vi.advanceTimersByTimeAsync(20_000)
    expect(outbox.waiting.value).toHaveLength(0)
  })
  expect(outbox.rejected.value.map(({ write }) => write.what)).toEqual([{ change: { title: 'Better bread' } }])
  expect(asked).toHaveLength(2 + 4)
})
