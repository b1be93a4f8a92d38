/** What others changed last. */

import { useMemo } from 'preact/hooks'
import { Link } from 'wouter-preact'
import { Ago } from '../../parts/ago'
import { Loading, useRead } from '../../parts/loading'
import { Avatar, Name, roomName, Text } from '../../parts/names'
import { places } from '../../places'
import { t } from '../../texts/texts'
import { twin } from '../../twin/twin'
import type { TwinObject } from '../../twin/types'
import { byUpdated } from '../objects/declared'
import { capabilityName } from '../objects/names'

const SHOWN = 8
/** Some more, for when the person changes some of them in turn. */
const READ = 20

export function Changes({ now }: { now: Date }) {
  const owner = twin.owner.value
  const [loaded, again] = useRead(() => twin.read('objects', { sort: '-updated', not_sender: owner }, READ), [owner])
  const objects = twin.objects.value
  const changes = useMemo(
    () =>
      objects
        .filter((each) => each.sender !== owner && each.type === twin.typeOf(each.capability))
        .sort(byUpdated)
        .slice(0, SHOWN),
    [objects, owner],
  )
  return (
    <section class="card" aria-labelledby="home-changes">
      <h2 id="home-changes">{t('home.changes')}</h2>
      {changes.length > 0 ? (
        <ul class="list">
          {changes.map((each) => (
            <li key={`${each.room_id} ${each.type} ${each.uid}`} class="row news">
              <Change object={each} now={now} />
            </li>
          ))}
        </ul>
      ) : (
        <Loading of={loaded} again={again}>
          {() => <p class="soft">{t('home.no-changes')}</p>}
        </Loading>
      )}
    </section>
  )
}

function Change({ object, now }: { object: TwinObject; now: Date }) {
  return (
    <>
      <Avatar id={object.sender} />
      <div class="grow">
        <Link href={places.object(object)} class="title">
          <Text of={object.title || object.uid} />
        </Link>
        <p class="soft small">
          <Name id={object.sender} />
          {' · '}
          {capabilityName(object.capability)}
          {' · '}
          {twin.rooms.value.get(object.room_id)?.kind !== 'circle' && (
            <>
              <bdi>{roomName(object.room_id)}</bdi>
              {' · '}
            </>
          )}
          <Ago ms={object.updated} now={now.getTime()} />
        </p>
      </div>
    </>
  )
}
