/** The agenda: events, and the tasks that are due, by month, week and day. */

import { useEffect, useId, useState } from 'preact/hooks'
import { CalendarPlus, ChevronLeft, ChevronRight, ListTodo } from 'lucide-preact'
import { useLocation, useSearch } from 'wouter-preact'
import { Heading } from '../parts/frame'
import { Icon } from '../parts/icons'
import { Loading } from '../parts/loading'
import { places } from '../places'
import { currentLocale, t } from '../texts/texts'
import { twin } from '../twin/twin'
import { daysShown, queryOf, shownBy, turned, VIEWS, type Shown, type View } from './agenda/address'
import { dayOf, firstWeekday, type Day } from './agenda/days'
import { Dialogs, type Over } from './agenda/dialogs'
import type { Entry } from './agenda/entry'
import { CAPABILITY } from './agenda/event'
import { useGridKeys, type GridProps } from './agenda/grid'
import { Hours } from './agenda/hours'
import { Month } from './agenda/month'
import { useEntries } from './agenda/read'
import { DaySection, WeekList } from './agenda/week-list'
import { periodName } from './agenda/words'
import { useNow, writableRooms } from './tasks/acts'
import './agenda.css'
import './tasks.css'

const VIEW = 'twin-agenda-view'
const WITH_TASKS = 'twin-agenda-tasks'
/** On paper there is as much room as on a laptop. */
const NARROW = 'screen and (max-width: 760px)'

export function Agenda() {
  if (twin.capability(CAPABILITY) === undefined) return <p class="empty">{t('error.no-such-page')}</p>
  return <Calendar />
}

function Calendar() {
  const now = useNow()
  const today = dayOf(now)
  const query = useSearch()
  const [, go] = useLocation()
  const [usual] = useState(() => VIEWS.find((each) => each === localStorage.getItem(VIEW)) ?? 'month')
  const shown = shownBy(query, { view: usual, day: today })
  const [withTasks, setWithTasks] = useState(() => localStorage.getItem(WITH_TASKS) !== 'no')
  const [over, setOver] = useState<Over>()
  const narrow = useNarrow()
  const period = useId()
  const hint = useId()
  const first = firstWeekday(currentLocale())
  const rows = daysShown(shown, first)
  const days = rows.flat()
  const { entries, loaded, again } = useEntries(days[0]!, days[days.length - 1]!, withTasks)
  const { collections, others } = writableRooms()
  const mayMake = collections.length + others.length > 0

  const show = (to: Shown, replace = false): void => go(`${places.agenda}${queryOf(to)}`, { replace })
  const showView = (view: View): void => {
    localStorage.setItem(VIEW, view)
    show({ ...shown, view })
  }
  const make = (day: Day, minute?: number): void => setOver({ make: day, minute })
  const open = ({ event }: Entry): void => event && setOver({ event: event.object })
  const keys = useGridKeys({
    shown,
    today,
    firstWeekday: first,
    onDay: (day) => show({ ...shown, day }, true),
    onEnter: (day) => show({ view: 'day', day }),
  })
  const grid: GridProps = {
    entries,
    day: shown.day,
    today,
    label: period,
    hint,
    keys,
    onOpen: open,
    onMore: (day) => setOver({ day }),
    onPress: (day, minute) => {
      // Where dots stand for entries, a press shows them below.
      if (mayMake && !(narrow && shown.view === 'month')) make(day, minute)
      else if (day !== shown.day) show({ ...shown, day }, true)
    },
  }
  const known = loaded.state === 'there'
  const listed = { entries, known, today, onOpen: open, onMake: mayMake ? make : undefined }
  return (
    <div class="stack agenda">
      <div class="spread">
        <Heading title={t('nav.agenda')}>{t('nav.agenda')}</Heading>
        <div class="actions no-print" role="group" aria-label={t('agenda.view')}>
          {VIEWS.map((view) => (
            <button key={view} type="button" aria-pressed={view === shown.view} onClick={() => showView(view)}>
              {t(`agenda.view.${view}`)}
            </button>
          ))}
        </div>
      </div>
      <div class="spread turns">
        <h2 id={period} aria-live="polite">
          {periodName(shown, days)}
        </h2>
        {loaded.state === 'reading' && (
          <span class="reading" role="status">
            <span class="busy" aria-hidden="true" />
            <span class="hidden-text">{t('loading')}</span>
          </span>
        )}
        <div class="actions no-print">
          <button type="button" onClick={() => show({ ...shown, day: today })}>
            {t('agenda.today')}
          </button>
          <Turn by={-1} shown={shown} onShow={show} />
          <Turn by={1} shown={shown} onShow={show} />
        </div>
        <div class="actions no-print makes">
          <button
            type="button"
            aria-pressed={withTasks}
            onClick={() => {
              localStorage.setItem(WITH_TASKS, withTasks ? 'no' : 'yes')
              setWithTasks(!withTasks)
            }}
          >
            <Icon of={ListTodo} />
            <span class="word">{t('agenda.tasks')}</span>
          </button>
          {mayMake && (
            <button type="button" class="main" onClick={() => make(shown.day)}>
              <Icon of={CalendarPlus} />
              <span class="word">{t('agenda.new')}</span>
            </button>
          )}
        </div>
      </div>
      {loaded.state === 'failed' && (
        <Loading of={loaded} again={again}>
          {() => null}
        </Loading>
      )}
      {shown.view === 'month' ? (
        <Month weeks={rows} narrow={narrow} {...grid} />
      ) : shown.view === 'week' && narrow ? (
        <WeekList days={days} {...listed} />
      ) : (
        <Hours days={days} now={now} {...grid} />
      )}
      {shown.view === 'month' && narrow && <DaySection day={shown.day} {...listed} />}
      <p class="small soft no-print keys" id={hint}>
        {t('agenda.keys')}
      </p>
      <Dialogs
        over={over}
        onOver={setOver}
        entries={entries}
        now={now}
        onMade={(day) => !days.includes(day) && show({ ...shown, day })}
      />
    </div>
  )
}

function Turn({ by, shown, onShow }: { by: 1 | -1; shown: Shown; onShow: (shown: Shown) => void }) {
  return (
    <button
      type="button"
      class="icon-only turn"
      aria-label={t(`agenda.${by > 0 ? 'next' : 'previous'}.${shown.view}`)}
      onClick={() => onShow({ ...shown, day: turned(shown, by) })}
    >
      <Icon of={by > 0 ? ChevronRight : ChevronLeft} />
    </button>
  )
}

function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(() => matchMedia(NARROW).matches)
  useEffect(() => {
    const asked = matchMedia(NARROW)
    const listen = (): void => setNarrow(asked.matches)
    asked.addEventListener('change', listen)
    return () => asked.removeEventListener('change', listen)
  }, [])
  return narrow
}
