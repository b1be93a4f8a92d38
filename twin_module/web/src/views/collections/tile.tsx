/** One collection among others: what it is called, what for, and who is in it. */

import { Link } from 'wouter-preact'
import { roomName, Text } from '../../parts/names'
import { places } from '../../places'
import { t } from '../../texts/texts'
import { twin } from '../../twin/twin'
import type { Room } from '../../twin/types'
import { peopleByCollection } from '../people/current'
import { Avatars } from '../people/pieces'
import { roleSaid } from '../people/said'

export function Tile({ room }: { room: Room }) {
  const people = peopleByCollection.value.get(room.room_id) ?? []
  return (
    <li class="card tile">
      <h3>
        <Link href={places.collection(room.room_id)} class="cover">
          <Text of={roomName(room.room_id)} />
        </Link>
      </h3>
      {room.topic && (
        <p class="soft small two-lines">
          <Text of={room.topic} />
        </p>
      )}
      <div class="spread foot">
        <span class="row small soft">
          <Avatars ids={people} />
          {people.length > 0 && t('collections.shared', { count: people.length })}
          {people.length === 0 && twin.knowsPeople.value && t('collections.only-you')}
        </span>
        <span class="chip">{roleSaid(room.role)}</span>
      </div>
    </li>
  )
}
