/** How the twin is: whether it has read everything, what it could not do yet, what waits, what it left out. */

import { useEffect } from 'preact/hooks'
import { CircleCheck, RefreshCw, TriangleAlert } from 'lucide-preact'
import { Link } from 'wouter-preact'
import { timeOfDay } from '../../dates'
import { Do } from '../../parts/do'
import { useSome } from '../../parts/some'
import { say } from '../../parts/frame'
import { Icon } from '../../parts/icons'
import { Loading, useCurrent } from '../../parts/loading'
import { clean, roomName, Text } from '../../parts/names'
import { places } from '../../places'
import { number, t } from '../../texts/texts'
import { get, post } from '../../twin/api'
import { keyOf } from '../../twin/shelf'
import { twin } from '../../twin/twin'
import type { Place } from '../../twin/types'
import { judged, type Status } from './judged'
import { Part } from './part'

const FEW = 20
/** How long until it is looked again, as long as something is not finished. */
const LOOK_MS = 3000

export function Health() {
  const [loaded, again] = useCurrent(
    async () => {
      const [status, proposals] = await Promise.all([
        get<Status>('status'),
        get<{ proposals: Place[]; next_batch?: string }>('proposals', { limit: 100 }),
      ])
      return { status, proposals: proposals.proposals, more: proposals.next_batch !== undefined, at: new Date() }
    },
    [twin.conflicts.value],
  )
  useEffect(() => {
    if (loaded.state !== 'there' || judged(loaded.value.status).fine) return
    const timer = setTimeout(again, LOOK_MS)
    return () => clearTimeout(timer)
  }, [loaded])
  const unsent = twin.outbox.waiting.value.length
  return (
    <Part of="health">
      <Loading of={loaded} again={again}>
        {({ status, proposals, more, at }) => {
          const found = judged(status)
          const versions = unique(proposals)
          const fine = found.fine && versions.length === 0 && unsent === 0
          return (
            <>
              <p class={`note ${fine ? '' : 'warn'}`} role="status">
                <Icon of={fine ? CircleCheck : TriangleAlert} />{' '}
                {t(fine ? 'settings.health.fine' : 'settings.health.look')}{' '}
                <span class="small">{t('settings.health.at', { time: timeOfDay(at) })}</span>
              </p>
              <dl class="values">
                <div>
                  <dt>{t('settings.health.read')}</dt>
                  <dd>
                    {found.behind === 0
                      ? t('settings.health.read-all')
                      : t('settings.health.behind', { count: found.behind })}
                  </dd>
                </div>
                <div>
                  <dt>{t('settings.health.unsent')}</dt>
                  <dd>{unsent === 0 ? t('settings.health.nothing') : t('state.waiting', { count: unsent })}</dd>
                </div>
                <div>
                  <dt>{t('settings.health.later')}</dt>
                  <dd>
                    <Rooms
                      ids={status.to_be_tried_again}
                      means={t('settings.health.later-means', { count: status.to_be_tried_again.length })}
                    />
                  </dd>
                </div>
                <div>
                  <dt>{t('settings.health.versions')}</dt>
                  <dd>
                    <Versions of={versions} more={more} />
                  </dd>
                </div>
                <div>
                  <dt>{t('settings.health.left-out')}</dt>
                  <dd>
                    <Rooms
                      ids={Object.keys(status.left_out)}
                      counts={status.left_out}
                      means={t('settings.health.left-out-means', { count: found.leftOut })}
                    />
                  </dd>
                </div>
              </dl>
              <div class="actions">
                <button type="button" onClick={again}>
                  <Icon of={RefreshCw} />
                  {t('settings.health.again')}
                </button>
                <Do
                  onDo={async () => {
                    await post('reindex')
                    again()
                    say(t('settings.health.reindexed'))
                  }}
                >
                  {t('settings.health.reindex')}
                </Do>
              </div>
              <p class="soft small">{t('settings.health.reindex-means')}</p>
            </>
          )
        }}
      </Loading>
    </Part>
  )
}

interface RoomsProps {
  ids: readonly string[]
  counts?: Readonly<Record<string, number>>
  means: string
}

/** Rooms that something is to be said about, with a way there where the page has them. */
function Rooms({ ids, counts, means }: RoomsProps) {
  const [some, more] = useSome(ids, FEW)
  if (ids.length === 0) return <>{t('settings.health.nothing')}</>
  return (
    <div class="stack tight">
      <p>{means}</p>
      <ul class="rows">
        {some.map((id) => (
          <li key={id}>
            {twin.rooms.value.has(id) ? (
              <Link href={places.collection(id)}>
                <Text of={roomName(id)} />
              </Link>
            ) : (
              <code class="key">{id}</code>
            )}
            {counts !== undefined && <span class="soft numbers"> {number(counts[id] ?? 0)}</span>}
          </li>
        ))}
      </ul>
      {more}
    </div>
  )
}

function Versions({ of, more }: { of: readonly Place[]; more: boolean }) {
  const [some, showMore] = useSome(of, FEW)
  if (of.length === 0) return <>{t('settings.health.nothing')}</>
  return (
    <div class="stack tight">
      <p>{more ? t('settings.health.versions-many', { count: of.length }) : t('settings.health.versions-means', { count: of.length })}</p>
      <ul class="rows">
        {some.map((place) => (
          <li key={keyOf(place)}>
            <Link href={places.history(place)}>
              <Text of={clean(twin.object(place)?.title ?? '') || place.uid} />
            </Link>{' '}
            <span class="soft small">
              <Text of={roomName(place.room_id)} />
            </span>
          </li>
        ))}
      </ul>
      {showMore}
    </div>
  )
}

/** Returns each object once: several versions of it may wait. */
function unique(versions: readonly Place[]): Place[] {
  return [...new Map(versions.map((each) => [keyOf(each), each])).values()]
}
