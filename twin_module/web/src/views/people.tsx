/** The people whom the owner has something to do with, in circles and each by themselves. */

import { Plus, UsersRound } from 'lucide-preact'
import { useState } from 'preact/hooks'
import { Link, useLocation } from 'wouter-preact'
import { useSome } from '../parts/some'
import { Heading } from '../parts/frame'
import { Icon } from '../parts/icons'
import { Empty, Loading } from '../parts/loading'
import { Avatar, nameOf, roomName, Text } from '../parts/names'
import { places } from '../places'
import { currentLocale, t } from '../texts/texts'
import { twin } from '../twin/twin'
import { Invitations } from './collections/invitations'
import { useEnded, usePeople } from './people/current'
import { MakeCircle } from './people/make-circle'
import { MatrixId } from './people/pieces'
import { isMeant, unanswered } from './people/reach'
import { said } from './people/said'
import { CircleTile, PersonTile } from './people/tiles'
import './collections.css'

/** As many can be looked over without searching. */
const FEW = 12

export function People() {
  const [, go] = useLocation()
  const [making, setMaking] = useState(false)
  return (
    <>
      <div class="spread">
        <Heading title={t('people.title')}>{t('people.title')}</Heading>
        <button type="button" class="main" onClick={() => setMaking(true)}>
          <Icon of={Plus} />
          {t('circle.make')}
        </button>
      </div>
      <Invitations kind="circle" title={t('people.requests')} />
      <Circles />
      <Waiting />
      <Everybody />
      {making && <MakeCircle onClose={() => setMaking(false)} onMade={(roomId) => go(places.circle(roomId))} />}
    </>
  )
}

function Circles() {
  const ended = useEnded()
  const all = twin.circles.value
  const [some, more] = useSome([
    ...all.filter((each) => !ended.has(each.room_id)),
    ...all.filter((each) => ended.has(each.room_id)),
  ])
  return (
    <section class="stack tight" aria-labelledby="circles">
      <h2 id="circles">{t('people.circles')}</h2>
      {all.length === 0 && <p class="soft">{t('people.circles.empty')}</p>}
      <ul class="tiles">
        {some.map((each) => (
          <CircleTile key={each.room_id} room={each} ended={ended.has(each.room_id)} />
        ))}
      </ul>
      {more}
    </section>
  )
}

/** Who was asked into something of the owner's and has not answered. */
function Waiting() {
  const mine = (roomId: string): boolean => {
    const role = twin.rooms.value.get(roomId)?.role
    return role === 'owner' || role === 'admin'
  }
  const waiting = [...twin.people.value.values()]
    .map((person) => ({ id: person.user_id, into: unanswered(person).filter(mine) }))
    .filter(({ into }) => into.length > 0)
  const [some, more] = useSome(waiting, 20)
  if (waiting.length === 0) return null
  const list = new Intl.ListFormat(currentLocale())
  return (
    <section class="card" aria-labelledby="waiting">
      <h2 id="waiting">{t('people.waiting')}</h2>
      <p class="soft small">{t('people.waiting.hint')}</p>
      <ul class="list">
        {some.map(({ id, into }) => (
          <li key={id} class="member">
            <Avatar id={id} />
            <div class="grow">
              <p>
                <Link href={places.person(id)}>
                  <Text of={nameOf(id)} />
                </Link>{' '}
                <MatrixId id={id} />
              </p>
              <p class="small">
                {t('people.asked-into', { names: list.format(into.map((roomId) => said(roomName(roomId)))) })}
              </p>
            </div>
          </li>
        ))}
      </ul>
      {more}
    </section>
  )
}

function Everybody() {
  const [typed, setTyped] = useState('')
  const [read, again] = usePeople()
  const all = [...twin.people.value.values()]
  const meant = typed.trim() === '' ? all : all.filter(({ user_id }) => isMeant(typed, nameOf(user_id), user_id))
  const [some, more] = useSome(meant)
  return (
    <section class="stack tight" aria-labelledby="everybody">
      <h2 id="everybody">{t('people.people')}</h2>
      {all.length === 0 && (
        <Loading of={read} again={again}>
          {() => (
            <Empty icon={UsersRound}>
              <p>{t('people.people.empty')}</p>
            </Empty>
          )}
        </Loading>
      )}
      {all.length > FEW && (
        <input
          type="search"
          class="find"
          aria-label={t('people.find')}
          placeholder={t('people.find')}
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      )}
      <div role="status">
        {all.length > 0 && meant.length === 0 && <p class="soft">{t('people.none-found')}</p>}
      </div>
      <ul class="tiles">
        {some.map((each) => (
          <PersonTile key={each.user_id} person={each} />
        ))}
      </ul>
      {more}
    </section>
  )
}
