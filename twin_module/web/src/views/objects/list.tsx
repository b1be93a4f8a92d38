/** The objects of one capability in a room: narrowed down, sorted, and each a way to its page. */

import { useComputed } from '@preact/signals'
import { useEffect, useState } from 'preact/hooks'
import { Inbox } from 'lucide-preact'
import { Link } from 'wouter-preact'
import { ago } from '../../dates'
import { Empty, Loading, useRead } from '../../parts/loading'
import { Name, Text } from '../../parts/names'
import { places } from '../../places'
import { t } from '../../texts/texts'
import { get, path } from '../../twin/api'
import { twin } from '../../twin/twin'
import type { Capability, Content, TwinObject } from '../../twin/types'
import { byTitle, byUpdated, columnsOf, type Filtered } from './declared'
import { fieldLabel } from './names'
import { isPlain, queryOf, type Wanted } from './order'
import { valueAt, type Field } from './schema'
import { Value } from './values'

const AT_ONCE = 100
const PAGE = 1000
/** Changes that come one after the other are asked about once. */
const CALM_MS = 300

interface Props {
  roomId: string
  capability: Capability
  filters: readonly Filtered[]
  wanted: Wanted
}

export function ObjectList({ roomId, capability, filters, wanted }: Props) {
  const [shown, setShown] = useState(AT_ONCE)
  const here = useComputed(() =>
    twin.objects.value.filter((each) => each.room_id === roomId && each.capability === capability.name),
  )
  const [all, again] = useRead(
    () => twin.read(`${path('rooms', roomId)}/objects`, { capability: capability.name }),
    [roomId, capability.name],
  )
  const plain = isPlain(wanted)
  const [order, askAgain] = useOrder(roomId, capability.name, plain ? undefined : queryOf(filters, wanted), here.value)
  const columns = columnsOf(capability)
  return (
    <Loading of={all} again={again}>
      {() => (
        <Loading of={order} again={askAgain}>
          {(uids) => {
            const objects = uids === undefined ? sorted(here.value, wanted.sort) : ordered(here.value, uids)
            if (objects.length === 0) {
              return (
                <Empty icon={Inbox}>
                  <p>{plain ? t('objects.empty') : t('objects.none-fits')}</p>
                </Empty>
              )
            }
            return (
              <>
                <p class="soft small" role="status">
                  {t('objects.count', { count: objects.length })}
                </p>
                <ul class="list object-list">
                  {objects.slice(0, shown).map((each) => (
                    <li key={each.uid}>
                      <Line object={each} columns={columns} />
                    </li>
                  ))}
                </ul>
                {objects.length > shown && (
                  <button type="button" onClick={() => setShown(shown + AT_ONCE)}>
                    {t('more')}
                  </button>
                )}
              </>
            )
          }}
        </Loading>
      )}
    </Loading>
  )
}

function Line({ object, columns }: { object: TwinObject; columns: readonly (readonly Field[])[] }) {
  return (
    <div class="line">
      <div class="spread">
        <Link href={places.object(object)} class="title">
          <Text of={object.title || object.uid} />
        </Link>
        <span class="soft small">
          {twin.outbox.isWaiting(object) && <span class="chip">{t('objects.waits')}</span>}{' '}
          <Name id={object.sender} />, {ago(object.updated)}
        </span>
      </div>
      <ul class="columns small">
        {columns.map((path) => (
          <Cell key={path.map(({ name }) => name).join('/')} path={path} content={object.content} />
        ))}
      </ul>
    </div>
  )
}

function Cell({ path, content }: { path: readonly Field[]; content: Content }) {
  const field = path.at(-1)!
  const value = valueAt(content, path)
  if (value === undefined || value === null || value === '') return null
  const around = valueAt(content, path.slice(0, -1))
  return (
    <li>
      <span class="soft">{fieldLabel(field)}: </span>
      <Value field={field} value={value} around={around as Content} short />
    </li>
  )
}

function sorted(objects: readonly TwinObject[], sort: string): TwinObject[] {
  return [...objects].sort(sort === 'title' ? byTitle : byUpdated)
}

/** What waits to be sent can't be judged by the twin yet, so it stands first whatever is asked for. */
function ordered(objects: readonly TwinObject[], uids: readonly string[]): TwinObject[] {
  const there = new Map(objects.map((each) => [each.uid, each]))
  const waiting = objects.filter((each) => each.etag === '')
  return [...waiting, ...uids.flatMap((uid) => there.get(uid) ?? [])]
}

/** Asks the twin which objects fit, and again when something changed. */
function useOrder(
  roomId: string,
  capability: string,
  query: Record<string, string> | undefined,
  objects: readonly TwinObject[],
) {
  const now = query === undefined ? '' : objects.map((each) => each.etag).join()
  const [calm, setCalm] = useState(now)
  useEffect(() => {
    const timer = setTimeout(() => setCalm(now), CALM_MS)
    return () => clearTimeout(timer)
  }, [now])
  return useRead(
    async () => (query === undefined ? undefined : await uidsOf(roomId, capability, query)),
    [roomId, capability, JSON.stringify(query), calm],
  )
}

async function uidsOf(roomId: string, capability: string, query: Record<string, string>): Promise<string[]> {
  const uids: string[] = []
  let from: string | undefined
  do {
    const page: { objects: TwinObject[]; next_batch?: string } = await get(`${path('rooms', roomId)}/objects`, {
      ...query,
      capability,
      limit: PAGE,
      from,
    })
    twin.shelf.take(page.objects)
    uids.push(...page.objects.map((each) => each.uid))
    from = page.next_batch
  } while (from !== undefined)
  return uids
}
