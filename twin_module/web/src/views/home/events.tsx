/** What is in the agenda today; this file is only fetched where the twin has one. */

import { useState } from 'preact/hooks'
import { Link } from 'wouter-preact'
import { Loading } from '../../parts/loading'
import { places } from '../../places'
import { t } from '../../texts/texts'
import { dayOf } from '../agenda/days'
import { Dialogs, type Over } from '../agenda/dialogs'
import { DayList } from '../agenda/entries'
import { useEntries } from '../agenda/read'
import '../agenda.css'

export function Events({ now }: { now: Date }) {
  const today = dayOf(now)
  const { entries, loaded, again } = useEntries(today, today, false)
  const [over, setOver] = useState<Over>()
  return (
    <section class="card" aria-labelledby="home-events">
      <header>
        <h2 id="home-events">{t('agenda.home')}</h2>
        <Link href={places.agenda} class="small">
          {t('agenda.home.all')}
        </Link>
      </header>
      {entries.length > 0 ? (
        <DayList entries={entries} day={today} onOpen={({ event }) => event && setOver({ event: event.object })} />
      ) : (
        <Loading of={loaded} again={again}>
          {() => <p class="soft">{t('agenda.home.none')}</p>}
        </Loading>
      )}
      <Dialogs over={over} onOver={setOver} entries={entries} now={now} onMade={() => {}} />
    </section>
  )
}
