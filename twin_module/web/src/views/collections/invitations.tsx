/** What others want to share, which waits for an answer. */

import { UserPlus } from 'lucide-preact'
import { useLocation } from 'wouter-preact'
import { Do } from '../../parts/do'
import { say } from '../../parts/frame'
import { Icon } from '../../parts/icons'
import { Avatar, clean, Name, Text } from '../../parts/names'
import { places } from '../../places'
import { t } from '../../texts/texts'
import { path, post } from '../../twin/api'
import { twin } from '../../twin/twin'
import type { Kind, Room } from '../../twin/types'
import { takeIn } from '../people/current'
import { focusHeading } from '../people/pieces'
import { said } from '../people/said'

/** The invitations to rooms of one kind, or to all; nothing where there are none. */
export function Invitations({ kind, title }: { kind?: Kind; title: string }) {
  const waiting = twin.invitations.value.filter((each) => kind === undefined || each.kind === kind)
  if (waiting.length === 0) return null
  return (
    <section class="card" aria-labelledby={`invitations-${kind ?? 'all'}`}>
      <h2 id={`invitations-${kind ?? 'all'}`}>{title}</h2>
      <ul class="list">
        {waiting.map((each) => (
          <Invitation key={each.room_id} room={each} />
        ))}
      </ul>
    </section>
  )
}

function Invitation({ room }: { room: Room }) {
  const [, go] = useLocation()
  const name = said(room.name ?? '') || t('room.unnamed')
  const asks = room.kind === 'circle' ? t('invitations.circle') : t('invitations.collection')

  async function accept(): Promise<void> {
    const joined = await post<Room>(path('invitations', room.room_id, 'accept'))
    takeIn(joined)
    const open = joined.kind === 'circle' ? places.circle(joined.room_id) : places.collection(joined.room_id)
    say(t('invitations.accepted', { name }), { action: { label: t('invitations.open'), run: () => go(open) } })
    focusHeading()
  }

  async function decline(): Promise<void> {
    await post(path('invitations', room.room_id, 'decline'))
    twin.invitations.value = twin.invitations.value.filter((each) => each.room_id !== room.room_id)
    say(t('invitations.declined', { name }))
    focusHeading()
  }

  return (
    <li class="invitation">
      {room.inviter ? <Avatar id={room.inviter} /> : <Icon of={UserPlus} />}
      <div class="grow">
        <p>
          {room.inviter ? <Name id={room.inviter} withId /> : t('invitations.nobody')} {asks}
        </p>
        <p class="two-lines">
          <strong>
            <Text of={name} />
          </strong>
          {clean(room.topic ?? '') !== '' && (
            <span class="soft">
              {' · '}
              <Text of={room.topic ?? ''} />
            </span>
          )}
        </p>
      </div>
      <div class="actions">
        <Do main label={t('invitations.accept-this', { name })} onDo={accept}>
          {t('invitations.accept')}
        </Do>
        <Do label={t('invitations.decline-this', { name })} onDo={decline}>
          {t('invitations.decline')}
        </Do>
      </div>
    </li>
  )
}
