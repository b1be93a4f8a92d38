/** One person: who they are, which circles one shares, what they can see and why; and the twin as they see it. */

import { Eye, MessageCircle, UserRound, X } from 'lucide-preact'
import { Link, useSearch } from 'wouter-preact'
import { Heading } from '../parts/frame'
import { Icon } from '../parts/icons'
import { Loading } from '../parts/loading'
import { Avatar, clean, named, Text } from '../parts/names'
import { places } from '../places'
import { t } from '../texts/texts'
import type { Person as Somebody } from '../twin/types'
import { usePerson } from './people/current'
import { chatAddress } from './people/matrix-id'
import { Gone, MatrixId, useFocusAfter } from './people/pieces'
import type { PersonDetails } from './people/reach'
import { Reaches, TwinAs } from './people/reaches'
import { roleSaid, said } from './people/said'
import './collections.css'

export function Person({ id }: { id: string }) {
  const [person, again] = usePerson(id)
  return (
    <Loading of={person} again={again}>
      {(found) =>
        found === undefined ? (
          <Gone
            title={t('people.title')}
            icon={UserRound}
            says={t('person.gone', { id: said(id) })}
            to={places.people}
            link={t('circle.to-all')}
          />
        ) : (
          <Present person={found} />
        )
      }
    </Loading>
  )
}

function Present({ person }: { person: PersonDetails }) {
  const sees = new URLSearchParams(useSearch()).has('see')
  useFocusAfter(sees)
  const id = person.user_id
  const name = said(named(person.displayname, id))
  return (
    <>
      <header class="about">
        <div class="row">
          <Avatar id={id} />
          <div class="grow">
            <Heading title={name}>
              <Text of={name} />
            </Heading>
            <MatrixId id={id} />
          </div>
        </div>
        {sees ? <Banner id={id} name={name} /> : <Doings id={id} name={name} membership={person.membership} />}
      </header>
      {sees ? (
        <TwinAs id={id} name={name} reaches={person.reaches} />
      ) : (
        <>
          <Circles circles={person.circles} />
          <Reaches id={id} name={name} reaches={person.reaches} />
        </>
      )}
    </>
  )
}

function Banner({ id, name }: { id: string; name: string }) {
  return (
    <div class="note seen-as" role="status">
      <span>{t('person.as.now', { name })}</span>
      <Link class="button" href={places.person(id)}>
        <Icon of={X} />
        {t('as.end')}
      </Link>
    </div>
  )
}

function Doings({ id, name, membership }: { id: string; name: string; membership: string }) {
  return (
    <div class="actions no-print">
        <a class="button" href={chatAddress(id)} rel="noopener noreferrer nofollow">
          <Icon of={MessageCircle} />
          {t('person.chat')}
        </a>
        <Link class="button" href={`${places.person(id)}?see=1`} title={t('person.as.hint', { name })}>
          <Icon of={Eye} />
          {t('person.as', { name })}
        </Link>
        {membership === 'invite' && <span class="chip warn">{t('people.membership.invite')}</span>}
        {membership === 'leave' && <span class="chip warn">{t('people.membership.leave')}</span>}
    </div>
  )
}

function Circles({ circles }: Pick<Somebody, 'circles'>) {
  return (
    <section class="card" aria-labelledby="shared-circles">
      <h2 id="shared-circles">{t('person.circles')}</h2>
      {circles.length === 0 && <p class="soft">{t('person.circles.none')}</p>}
      <ul class="list">
        {circles.map((each) => (
          <li key={each.room_id} class="spread">
            <Link href={places.circle(each.room_id)}>
              <Text of={clean(each.name ?? '') || t('room.unnamed')} />
            </Link>
            <span class="marks">
              {(each.membership === 'invite' || each.membership === 'leave') && (
                <span class="chip warn">{t(`circle.membership.${each.membership}`)}</span>
              )}
              <span class="chip">{roleSaid(each.role)}</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
