/** Circles and people among others: what tells them apart, and what they have to do with the owner. */

import { Link } from 'wouter-preact'
import { Avatar, clean, nameOf, roomName, Text } from '../../parts/names'
import { places } from '../../places'
import { t } from '../../texts/texts'
import { twin } from '../../twin/twin'
import type { Person, Room } from '../../twin/types'
import { peopleByCircle, sharesByCircle } from './current'
import { Avatars, MatrixId } from './pieces'

const FEW = 3

export function CircleTile({ room, ended }: { room: Room; ended: boolean }) {
  const people = (peopleByCircle.value.get(room.room_id) ?? []).filter((id) => id !== room.creator)
  const shares = sharesByCircle.value.get(room.room_id) ?? []
  const others = room.creator === twin.owner.value ? undefined : room.creator
  return (
    <li class="card tile">
      <h3>
        <Link href={places.circle(room.room_id)} class="cover">
          <Text of={roomName(room.room_id)} />
        </Link>
      </h3>
      <div class="stack tight">
        {clean(room.topic ?? '') !== '' && (
          <p class="soft small two-lines">
            <Text of={room.topic ?? ''} />
          </p>
        )}
        {others && (
          <p class="small">
            {t('circle.of')} <Text of={nameOf(others)} /> <MatrixId id={others} />
          </p>
        )}
      </div>
      <div class="spread foot">
        <span class="row small soft">
          <Avatars ids={people} />
          {twin.knowsPeople.value && t('circle.count', { count: people.length + (others ? 1 : 0) })}
        </span>
        <span class={ended ? 'chip warn' : 'chip'}>
          {ended ? t('circle.has-ended') : t('circle.reaches.count', { count: shares.length })}
        </span>
      </div>
    </li>
  )
}

export function PersonTile({ person }: { person: Person }) {
  const id = person.user_id
  return (
    <li class="card tile person">
      <div class="row">
        <Avatar id={id} />
        <div class="grow">
          <h3>
            <Link href={places.person(id)} class="cover">
              <Text of={nameOf(id)} />
            </Link>
          </h3>
          <p>
            <MatrixId id={id} />
          </p>
        </div>
      </div>
      <div class="marks foot">
        {person.membership !== 'join' && (
          <span class="chip warn">{t(person.membership === 'invite' ? 'people.membership.invite' : 'people.membership.leave')}</span>
        )}
        {person.circles.slice(0, FEW).map((each) => (
          <span key={each.room_id} class="chip accent">
            <Text of={clean(each.name ?? '') || t('room.unnamed')} />
          </span>
        ))}
        {person.circles.length > FEW && (
          <span class="chip accent">{t('collections.more-people', { count: person.circles.length - FEW })}</span>
        )}
        <span class="chip">{t('people.shared', { count: person.collections })}</span>
      </div>
    </li>
  )
}
