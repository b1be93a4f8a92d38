/** Home: what is to be done today, what waits for an answer, and what others did. */

import { wholeDay } from '../dates'
import { Heading } from '../parts/frame'
import { Later, later } from '../parts/later'
import { nameOf } from '../parts/names'
import { t } from '../texts/texts'
import { twin } from '../twin/twin'
import { Invitations } from './collections/invitations'
import { Changes } from './home/changes'
import { Chats } from './home/chats'
import { dayPart } from './home/day'
import { Invited } from './home/invited'
import { Merges } from './home/merges'
import { FirstSteps, useNewcomer } from './home/steps'
import { Today } from './home/today'
import { Waiting } from './home/waiting'
import { said } from './people/said'
import { useNow } from './tasks/acts'
import './collections.css'
import './home.css'
import './tasks.css'

const Events = later(async () => (await import('./home/events')).Events)

export function Home() {
  const now = useNow()
  const newcomer = useNewcomer()
  return (
    <>
      <header class="greeting">
        <Heading title={t('nav.home')}>
          {t(`home.greeting.${dayPart(now)}`, { name: said(nameOf(twin.owner.value)) })}
        </Heading>
        <p class="soft">{wholeDay(now)}</p>
      </header>
      <Waiting />
      <Invitations title={t('invitations.title')} />
      <Invited />
      {newcomer && <FirstSteps />}
      <div class="home">
        <div class="stack">
          {twin.capability('agenda') && (
            <Later meanwhile={null}>
              <Events now={now} />
            </Later>
          )}
          <Today now={now} />
          <Merges />
        </div>
        <div class="stack">
          <Chats now={now} />
          <Changes now={now} />
        </div>
      </div>
    </>
  )
}
