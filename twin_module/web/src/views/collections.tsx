/** All collections, and those that others want to share. */

import { LayoutGrid, Plus, Rss } from 'lucide-preact'
import { useState } from 'preact/hooks'
import { useLocation } from 'wouter-preact'
import { useSome } from '../parts/some'
import { Heading } from '../parts/frame'
import { Icon } from '../parts/icons'
import { Empty } from '../parts/loading'
import { roomName } from '../parts/names'
import { places } from '../places'
import { t } from '../texts/texts'
import { twin } from '../twin/twin'
import { Invitations } from './collections/invitations'
import { MakeCollection } from './collections/make'
import { Subscribe } from './collections/subscribe'
import { Subscriptions } from './collections/subscriptions'
import { Tile } from './collections/tile'
import { isMeant } from './people/reach'
import './collections.css'

/** As many can be looked over without searching. */
const FEW = 12

export function Collections() {
  const [, go] = useLocation()
  const [making, setMaking] = useState(false)
  const [subscribing, setSubscribing] = useState(false)
  const [typed, setTyped] = useState('')
  const all = twin.collections.value
  const meant = typed.trim() === '' ? all : all.filter((each) => isMeant(typed, roomName(each.room_id), ''))
  const [some, more] = useSome(meant)
  return (
    <>
      <div class="spread">
        <Heading title={t('collections.title')}>{t('collections.title')}</Heading>
        <div class="actions">
          <button type="button" onClick={() => setSubscribing(true)}>
            <Icon of={Rss} />
            {t('subscribe.open')}
          </button>
          <button type="button" class="main" onClick={() => setMaking(true)}>
            <Icon of={Plus} />
            {t('collections.make')}
          </button>
        </div>
      </div>
      <Invitations kind="collection" title={t('invitations.title')} />
      {all.length === 0 && (
        <Empty icon={LayoutGrid}>
          <p>{t('collections.empty')}</p>
        </Empty>
      )}
      {all.length > 0 && (
        <section class="stack" aria-labelledby="all-collections">
          <h2 id="all-collections" class="hidden-text">
            {t('collections.mine')}
          </h2>
          {all.length > FEW && (
            <input
              type="search"
              class="find"
              aria-label={t('collections.find')}
              placeholder={t('collections.find')}
              value={typed}
              onInput={(event) => setTyped(event.currentTarget.value)}
            />
          )}
          <ul class="tiles">
            {some.map((each) => (
              <Tile key={each.room_id} room={each} />
            ))}
          </ul>
          <div role="status">{meant.length === 0 && <p class="soft">{t('collections.none-found')}</p>}</div>
          {more}
        </section>
      )}
      {all.length > 0 && <Subscriptions />}
      {subscribing && (
        <Subscribe onClose={() => setSubscribing(false)} onMade={(room) => go(places.collection(room.room_id))} />
      )}
      {making && (
        <MakeCollection onClose={() => setMaking(false)} onMade={(room) => go(places.collection(room.room_id))} />
      )}
    </>
  )
}
