/** What comes next in one collection, and the way to all of its agenda. */

import { useMemo, useState } from 'preact/hooks'
import { CalendarDays, CalendarPlus } from 'lucide-preact'
import { Link } from 'wouter-preact'
import { Icon } from '../../parts/icons'
import { Loading } from '../../parts/loading'
import { places } from '../../places'
import { t } from '../../texts/texts'
import { twin } from '../../twin/twin'
import { useNow } from '../tasks/acts'
import { queryOf } from './address'
import { conflicting } from './conflicts'
import { dayOf, type Day } from './days'
import { Dialogs } from './dialogs'
import { NextList } from './next-list'
import { over, type Over } from './over'
import { useNext } from './read'
import '../agenda.css'
import '../tasks.css'

export function AgendaOfRoom({ roomId }: { roomId: string }) {
  const now = useNow()
  const today = dayOf(now)
  const [opened, setOpened] = useState<Over>()
  const { entries, more, loaded, again } = useNext(now, roomId)
  const conflicts = useMemo(() => conflicting(entries), [entries])
  const make = (day: Day): void => setOpened({ make: day })
  const mayWrite = twin.mayWrite(roomId)
  return (
    <div class="stack agenda">
      <div class="spread">
        <h2>{t('agenda.coming')}</h2>
        <div class="actions no-print">
          <Link class="button" href={`${places.agenda}${queryOf({ view: 'month', day: today, room: roomId })}`}>
            <Icon of={CalendarDays} />
            {t('agenda.coming.all')}
          </Link>
          {mayWrite && (
            <button type="button" class="main" onClick={() => make(today)}>
              <Icon of={CalendarPlus} />
              {t('agenda.new')}
            </button>
          )}
        </div>
      </div>
      <Loading of={loaded} again={again}>
        {() => (
          <NextList
            entries={entries}
            more={more}
            known
            today={today}
            room={roomId}
            conflicts={conflicts}
            onOpen={({ event }) => event && setOpened(over(event))}
            onMake={mayWrite ? make : undefined}
          />
        )}
      </Loading>
      <Dialogs over={opened} onOver={setOpened} entries={entries} now={now} roomId={roomId} onMade={() => {}} />
    </div>
  )
}
