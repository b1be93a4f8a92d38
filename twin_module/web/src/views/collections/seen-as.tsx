/** A collection as somebody else sees it: what is in it, and nothing that one could do. */

import { X } from 'lucide-preact'
import { Link } from 'wouter-preact'
import { ago } from '../../dates'
import { Icon } from '../../parts/icons'
import { Loading, useRead } from '../../parts/loading'
import { Name, named, Text } from '../../parts/names'
import { places } from '../../places'
import { t } from '../../texts/texts'
import { path } from '../../twin/api'
import { twin } from '../../twin/twin'
import type { Member, Room } from '../../twin/types'
import { roleSaid, said } from '../people/said'
import { tabName } from './inside'
import { tabsOf } from './tabs'

const MOST = 1000
const SHOWN = 200

export function SeenAs({ room, members, as }: { room: Room; members: readonly Member[]; as: string }) {
  const member = members.find((each) => each.user_id === as)
  const name = said(named(member?.displayname, as))
  const sees = member?.membership === 'join'
  return (
    <>
      <div class={`note seen-as ${sees ? '' : 'warn'}`} role="status">
        <span>
          {sees && t('as.may', { name, role: roleSaid(member.role) })}
          {!sees && member?.membership === 'invite' && t('as.invited', { name })}
          {!sees && member?.membership !== 'invite' && t('as.nothing', { name })}
        </span>
        <span class="actions">
          {twin.people.value.has(as) && (
            <Link class="button" href={`${places.person(as)}?see=1`}>
              {t('as.to-person', { name })}
            </Link>
          )}
          <Link class="button" href={places.collection(room.room_id)}>
            <Icon of={X} />
            {t('as.end')}
          </Link>
        </span>
      </div>
      {sees && <Everything roomId={room.room_id} />}
    </>
  )
}

/** All objects of a room; whoever is in it sees all of them. */
function Everything({ roomId }: { roomId: string }) {
  const [read, again] = useRead(
    () => twin.read(`${path('rooms', roomId)}/objects`, { sort: '-updated' }, MOST),
    [roomId],
  )
  const tabs = tabsOf(twin.capabilities.value)
  const all = twin.objects.value.filter((each) => each.room_id === roomId).sort((a, b) => b.updated - a.updated)
  const kinds = tabs.map((tab) => ({ tab, objects: all.filter((each) => each.capability === tab) }))
  return (
    <Loading of={read} again={again}>
      {(count) => (
        <>
          {kinds.every(({ objects }) => objects.length === 0) && <p class="empty">{t('as.empty')}</p>}
          {kinds
            .filter(({ objects }) => objects.length > 0)
            .map(({ tab, objects }) => (
              <section key={tab} class="card" aria-labelledby={`as-${tab}`}>
                <h2 id={`as-${tab}`}>{tabName(tab)}</h2>
                <ul class="list">
                  {objects.slice(0, SHOWN).map((each) => (
                    <li key={each.uid} class="spread">
                      <Text of={each.title || each.uid} />
                      <span class="soft small">
                        <Name id={each.sender} /> · {ago(each.updated)}
                      </span>
                    </li>
                  ))}
                </ul>
                {objects.length > SHOWN && <p class="soft small">{t('as.more', { count: SHOWN })}</p>}
              </section>
            ))}
          {count >= MOST && <p class="soft small">{t('as.more', { count: MOST })}</p>}
        </>
      )}
    </Loading>
  )
}
