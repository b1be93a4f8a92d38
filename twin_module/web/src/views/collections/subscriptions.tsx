/** The calendars that the twin follows: how each stands, looking at one now, and following it no longer. */

import { RefreshCw } from 'lucide-preact'
import { Link } from 'wouter-preact'
import { ago, fully } from '../../dates'
import { Do } from '../../parts/do'
import { Icon } from '../../parts/icons'
import { useCurrent } from '../../parts/loading'
import { clean, roomName, Text } from '../../parts/names'
import { useSome } from '../../parts/some'
import { Sure } from '../../parts/sure'
import { places } from '../../places'
import { t } from '../../texts/texts'
import { call, get, path, post } from '../../twin/api'
import { said } from '../people/said'

export interface Subscription {
  room_id: string
  url: string
  entries: number
  /** When it was had last, in milliseconds since 1970; absent for never. */
  refreshed_ts?: number
  /** When it is looked at again. */
  next_ts: number
  /** Why it could not be had the last time, or what of it can't be taken. */
  problem?: string
}

const FEW = 10
/** A look takes as long as the other server does; so often it is asked what came of it. */
const LOOKS = 15
const LOOK_MS = 1000

export function useSubscriptions() {
  return useCurrent(async () => (await get<{ subscriptions: Subscription[] }>('subscriptions')).subscriptions, [])
}

/** Nothing where the twin follows none. */
export function Subscriptions() {
  const [loaded, again] = useSubscriptions()
  const all = loaded.state === 'there' ? loaded.value : []
  const [some, more] = useSome(all, FEW)
  if (all.length === 0) return null
  return (
    <section class="card" aria-labelledby="subscriptions">
      <h2 id="subscriptions">{t('subscriptions.title')}</h2>
      <ul class="list">
        {some.map((each) => (
          <li key={each.room_id} class="stack tight">
            <p>
              <Link href={places.collection(each.room_id)}>
                <strong>
                  <Text of={roomName(each.room_id)} />
                </strong>
              </Link>
            </p>
            <Standing of={each} again={again} />
          </li>
        ))}
      </ul>
      {more}
    </section>
  )
}

export function Standing({ of, again }: { of: Subscription; again: () => void }) {
  const { room_id, url, entries, refreshed_ts, next_ts, problem } = of
  const name = said(roomName(room_id))

  async function refresh(): Promise<void> {
    await post(path('subscriptions', room_id, 'refresh'))
    for (let looks = 0; looks < LOOKS; looks += 1) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
      const { subscriptions } = await get<{ subscriptions: Subscription[] }>('subscriptions')
      const now = subscriptions.find((each) => each.room_id === room_id)
      if (now === undefined || now.refreshed_ts !== refreshed_ts || now.problem !== problem) break
    }
    again()
  }

  return (
    <>
      <p class="small soft">
        <bdi dir="ltr" class="address">
          {clean(url)}
        </bdi>
      </p>
      <p class="small" title={t('subscriptions.next', { when: fully(new Date(next_ts)) })}>
        {refreshed_ts === undefined
          ? t('subscriptions.never')
          : t('subscriptions.had', { when: ago(refreshed_ts), count: entries })}
      </p>
      {problem !== undefined && <p class="note warn">{clean(problem)}</p>}
      <div class="actions">
        <Do label={t('subscriptions.refresh-this', { name })} onDo={refresh}>
          <Icon of={RefreshCw} />
          {t('subscriptions.refresh')}
        </Do>
        <Sure
          label={t('subscriptions.end-this', { name })}
          means={t('subscriptions.end-means')}
          sure={t('subscriptions.end-now')}
          onDo={async () => {
            await call('DELETE', path('subscriptions', room_id))
            again()
            document.querySelector('h1')?.focus()
          }}
        >
          {t('subscriptions.end')}
        </Sure>
      </div>
    </>
  )
}
