/** What is in the agenda today, and the invitations to events; this file is only fetched where the twin has one. */

import { useMemo, useRef, useState } from 'preact/hooks'
import { Link } from 'wouter-preact'
import { Later, later } from '../../parts/later'
import { Loading } from '../../parts/loading'
import { places } from '../../places'
import { t } from '../../texts/texts'
import { conflicting } from '../agenda/conflicts'
import { dayOf } from '../agenda/days'
import { DayList } from '../agenda/entries'
import { over, type Over } from '../agenda/over'
import { useEntries } from '../agenda/read'
import '../agenda.css'

// Most people who look at Home open no event: its forms come when somebody does.
const Dialogs = later(async () => (await import('../agenda/dialogs')).Dialogs)

export function Events({ now }: { now: Date }) {
  const today = dayOf(now)
  const { entries, loaded, again } = useEntries({ first: today, last: today, withTasks: false })
  const conflicts = useMemo(() => conflicting(entries), [entries])
  const [opened, setOpened] = useState<Over>()
  const used = useRef(false)
  used.current ||= opened !== undefined
  return (
    <section class="card" aria-labelledby="home-events">
      <header>
        <h2 id="home-events">{t('agenda.home')}</h2>
        <Link href={places.agenda} class="small">
          {t('agenda.home.all')}
        </Link>
      </header>
      {entries.length > 0 ? (
        <DayList
          entries={entries}
          day={today}
          conflicts={conflicts}
          onOpen={({ event }) => event && setOpened(over(event))}
        />
      ) : (
        <Loading of={loaded} again={again}>
          {() => <p class="soft">{t('agenda.home.none')}</p>}
        </Loading>
      )}
      {used.current && (
        <Later meanwhile={null}>
          <Dialogs over={opened} onOver={setOpened} entries={entries} now={now} onMade={() => {}} />
        </Later>
      )}
    </section>
  )
}
