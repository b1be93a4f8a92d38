/** What is due today or was due before: ticked off right here, and something more for today. */

import { useMemo } from 'preact/hooks'
import { Link } from 'wouter-preact'
import { localDateTime } from '../../dates'
import { useSome } from '../../parts/some'
import { Loading, useRead } from '../../parts/loading'
import { places } from '../../places'
import { t } from '../../texts/texts'
import { twin } from '../../twin/twin'
import { CAPABILITY, focusSoon, writableRooms } from '../tasks/acts'
import { dueFields } from '../tasks/changes'
import { Facts } from '../tasks/facts'
import { byDue, groupAt } from '../tasks/order'
import { QuickAdd } from '../tasks/quick-add'
import { nextTo, Tick, TitleLink } from '../tasks/row'
import { taskOf, type Task } from '../tasks/task'
import { afterToday } from './day'

/** So many of each state are read, those that were due last; who has more looks into the list of all. */
const READ = 100
const SHOWN = 10

export function Today({ now }: { now: Date }) {
  const day = now.toDateString()
  const [loaded, again] = useRead(() => readDue(now), [day])
  const objects = twin.objects.value
  const due = useMemo(() => {
    const mine = objects.filter((each) => each.capability === CAPABILITY).map(taskOf).filter(isMine)
    return mine.filter((task) => ['overdue', 'today'].includes(groupOf(task, now) ?? '')).sort(byDue)
  }, [objects, now])
  const { collections, others } = writableRooms()
  return (
    <section class="card stack tight" aria-labelledby="home-today">
      <header>
        <h2 id="home-today">{t('home.today')}</h2>
        <Link href={places.tasks} class="small">
          {t('home.all-tasks')}
        </Link>
      </header>
      {due.length > 0 ? (
        <>
          <Group of="overdue" tasks={due} now={now} />
          <Group of="today" tasks={due} now={now} />
          {loaded.state === 'there' && loaded.value && <p class="soft small">{t('home.more-due')}</p>}
        </>
      ) : (
        <Loading of={loaded} again={again}>
          {(more) => <p class="soft">{t(more ? 'home.more-due' : 'home.nothing-due')}</p>}
        </Loading>
      )}
      {collections.length + others.length > 0 && (
        <QuickAdd label={t('home.add')} more={[dueFields(localDateTime(now).slice(0, 10), '', '')]} />
      )}
    </section>
  )
}

/** Reads what is due; tells whether there is more than that. */
async function readDue(now: Date): Promise<boolean> {
  const until = localDateTime(afterToday(now))
  const counts = await Promise.all(
    (['needs-action', 'in-process'] as const).map((progress) =>
      twin.read('objects', { capability: CAPABILITY, progress, 'due.lt': until, sort: '-due' }, READ),
    ),
  )
  return counts.some((count) => count === READ)
}

/** What is given to others only is theirs to do. */
function isMine(task: Task): boolean {
  return task.people.length === 0 || task.people.includes(twin.owner.value)
}

function groupOf(task: Task, now: Date): string | undefined {
  return task.open && task.due ? groupAt(task.due.at, now) : undefined
}

function Group({ of, tasks, now }: { of: 'overdue' | 'today'; tasks: readonly Task[]; now: Date }) {
  const [some, more] = useSome(
    tasks.filter((task) => groupOf(task, now) === of),
    SHOWN,
  )
  if (some.length === 0) return null
  return (
    <section class="stack tight" aria-labelledby={`home-group-${of}`}>
      <h3 id={`home-group-${of}`} class={`small ${of}`}>
        {t(`tasks.group.${of}`)}
      </h3>
      <ul class="list task-list" data-tasks>
        {some.map((task) => (
          <Line key={task.key} task={task} now={now} />
        ))}
      </ul>
      {more}
    </section>
  )
}

function Line({ task, now }: { task: Task; now: Date }) {
  return (
    <li class="task" data-task={task.key}>
      <div class="row top-line">
        <Tick
          task={task}
          onTicked={(box) => {
            const next = nextTo(box) ?? document.querySelector('h1')
            focusSoon(() => (box.isConnected ? box : next))
          }}
        />
        <div class="grow">
          <TitleLink task={task} />
          <Facts task={task} now={now} room />
        </div>
      </div>
    </li>
  )
}
