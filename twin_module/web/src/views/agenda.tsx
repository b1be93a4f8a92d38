/** The agenda: events, and the tasks that are due, by month, week and day, and what comes next. */

import { useEffect, useId, useMemo, useState } from 'preact/hooks'
import { CalendarPlus, ChevronLeft, ChevronRight, ListTodo, X } from 'lucide-preact'
import { useLocation, useSearch } from 'wouter-preact'
import { Heading } from '../parts/frame'
import { Icon } from '../parts/icons'
import { Loading } from '../parts/loading'
import { roomName } from '../parts/names'
import { places } from '../places'
import { currentLocale, t } from '../texts/texts'
import { twin } from '../twin/twin'
import { daysShown, queryOf, shownBy, turned, VIEWS, type Shown, type Turned, type View } from './agenda/address'
import { conflicting } from './agenda/conflicts'
import { dayOf, firstWeekday, type Day } from './agenda/days'
import { Dialogs } from './agenda/dialogs'
import type { Entry } from './agenda/entry'
import { CAPABILITY } from './agenda/event'
import { useGridKeys, type GridProps } from './agenda/grid'
import { Hours } from './agenda/hours'
import { Month } from './agenda/month'
import { NextList } from './agenda/next-list'
import { over, type Over } from './agenda/over'
import { useEntries, useNext } from './agenda/read'
import { DaySection, WeekList } from './agenda/week-list'
import { periodName } from './agenda/words'
import { Invited } from './home/invited'
import { said } from './people/said'
import { useNow, writableRooms } from './tasks/acts'
import './agenda.css'
import './tasks.css'

const VIEW = 'twin-agenda-view'
const WITH_TASKS = 'twin-agenda-tasks'
/** On paper there is as much room as on a laptop. */
const NARROW = 'screen and (max-width: 760px)'

type Show = (to: Shown, replace?: boolean) => void

export function Agenda() {
  const now = useNow()
  const query = useSearch()
  const [, go] = useLocation()
  const [usual] = useState(() => VIEWS.find((each) => each === localStorage.getItem(VIEW)) ?? 'month')
  const shown = shownBy(query, { view: usual, day: dayOf(now) })
  const show: Show = (to, replace = false) => go(`${places.agenda}${queryOf(to)}`, { replace })
  if (twin.capability(CAPABILITY) === undefined) return <p class="empty">{t('error.no-such-page')}</p>
  return (
    <div class="stack agenda">
      <Head shown={shown} onShow={show} />
      <Invited />
      {shown.view === 'next' ? (
        <Next now={now} shown={shown} />
      ) : (
        <Days now={now} shown={{ ...shown, view: shown.view }} onShow={show} />
      )}
    </div>
  )
}

function Head({ shown, onShow }: { shown: Shown; onShow: Show }) {
  const showView = (view: View): void => {
    localStorage.setItem(VIEW, view)
    onShow({ ...shown, view })
  }
  return (
    <>
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
      {shown.room !== undefined && (
        <p class="note spread">
          {t('agenda.only', { name: said(roomName(shown.room)) })}
          <button type="button" onClick={() => onShow({ ...shown, room: undefined })}>
            <Icon of={X} />
            {t('agenda.only.end')}
          </button>
        </p>
      )}
    </>
  )
}

function useMayMake(): boolean {
  const { collections, others } = writableRooms()
  return collections.length + others.length > 0
}

interface DaysProps {
  now: Date
  shown: Shown & { view: Turned }
  onShow: Show
}

function Days({ now, shown, onShow }: DaysProps) {
  const today = dayOf(now)
  const [withTasks, setWithTasks] = useState(() => localStorage.getItem(WITH_TASKS) !== 'no')
  const [opened, setOpened] = useState<Over>()
  const narrow = useNarrow()
  const period = useId()
  const hint = useId()
  const first = firstWeekday(currentLocale())
  const rows = daysShown(shown, first)
  const days = rows.flat()
  const wanted = { first: days[0]!, last: days[days.length - 1]!, withTasks, roomId: shown.room }
  const { entries, more, loaded, again } = useEntries(wanted)
  const conflicts = useMemo(() => conflicting(entries), [entries])
  const mayMake = useMayMake()

  const make = (day: Day, minute?: number): void => setOpened({ make: day, minute })
  const open = ({ event }: Entry): void => event && setOpened(over(event))
  const keys = useGridKeys({
    shown,
    today,
    firstWeekday: first,
    onDay: (day) => onShow({ ...shown, day }, true),
    onEnter: (day) => onShow({ ...shown, view: 'day', day }),
  })
  const grid: GridProps = {
    entries,
    day: shown.day,
    today,
    room: shown.room,
    label: period,
    hint,
    conflicts,
    keys,
    onOpen: open,
    onMore: (day) => setOpened({ day }),
    onPress: (day, minute) => {
      // Where dots stand for entries, a press shows them below.
      if (mayMake && !(narrow && shown.view === 'month')) make(day, minute)
      else if (day !== shown.day) onShow({ ...shown, day }, true)
    },
  }
  const known = loaded.state === 'there'
  const listed = {
    entries,
    known,
    today,
    room: shown.room,
    conflicts,
    onOpen: open,
    onMake: mayMake ? make : undefined,
  }
  return (
    <>
      <div class="spread turns">
        <h2 id={period} aria-live="polite">
          {periodName(shown, days)}
        </h2>
        {loaded.state === 'reading' && <Reading />}
        <div class="actions no-print">
          <button type="button" onClick={() => onShow({ ...shown, day: today })}>
            {t('agenda.today')}
          </button>
          <Turn by={-1} shown={shown} onShow={onShow} />
          <Turn by={1} shown={shown} onShow={onShow} />
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
          {mayMake && <New onClick={() => make(shown.day)} />}
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
      {more && <p class="note warn">{t('agenda.too-many')}</p>}
      <p class="small soft no-print keys" id={hint}>
        {t('agenda.keys')}
      </p>
      <Dialogs
        over={opened}
        onOver={setOpened}
        entries={entries}
        now={now}
        roomId={shown.room}
        onMade={(day) => !days.includes(day) && onShow({ ...shown, day })}
      />
    </>
  )
}

function Next({ now, shown }: { now: Date; shown: Shown }) {
  const [opened, setOpened] = useState<Over>()
  const { entries, more, loaded, again } = useNext(now, shown.room)
  const conflicts = useMemo(() => conflicting(entries), [entries])
  const mayMake = useMayMake()
  const make = (day: Day): void => setOpened({ make: day })
  return (
    <>
      <div class="spread turns">
        <h2>{t('agenda.coming')}</h2>
        {loaded.state === 'reading' && <Reading />}
        <div class="actions no-print makes">{mayMake && <New onClick={() => make(dayOf(now))} />}</div>
      </div>
      {loaded.state === 'failed' && (
        <Loading of={loaded} again={again}>
          {() => null}
        </Loading>
      )}
      <NextList
        entries={entries}
        more={more}
        known={loaded.state === 'there'}
        today={dayOf(now)}
        room={shown.room}
        conflicts={conflicts}
        onOpen={({ event }) => event && setOpened(over(event))}
        onMake={mayMake ? make : undefined}
      />
      <Dialogs
        over={opened}
        onOver={setOpened}
        entries={entries}
        now={now}
        roomId={shown.room}
        onMade={() => {}}
      />
    </>
  )
}

function Reading() {
  return (
    <span class="reading" role="status">
      <span class="busy" aria-hidden="true" />
      <span class="hidden-text">{t('loading')}</span>
    </span>
  )
}

function New({ onClick }: { onClick: () => void }) {
  return (
    <button type="button" class="main" onClick={onClick}>
      <Icon of={CalendarPlus} />
      <span class="word">{t('agenda.new')}</span>
    </button>
  )
}

function Turn({ by, shown, onShow }: { by: 1 | -1; shown: DaysProps['shown']; onShow: Show }) {
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
