/** Tasks: of one collection as its tab, or of all rooms together; as a list or as a board. */

import { useMemo, useState } from 'preact/hooks'
import { Columns3, List as ListIcon, ListTodo } from 'lucide-preact'
import { useSearch } from 'wouter-preact'
import { Heading } from '../parts/frame'
import { Icon } from '../parts/icons'
import { Empty, Loading, useRead } from '../parts/loading'
import { t } from '../texts/texts'
import { path } from '../twin/api'
import { twin } from '../twin/twin'
import type { Content } from '../twin/types'
import { CAPABILITY, useNow } from './tasks/acts'
import { Board } from './tasks/board'
import { given, worded } from './tasks/changes'
import { ALL, filtered, filterFrom, ME, type Filter } from './tasks/filter'
import { Filters, setFilter } from './tasks/filters'
import { List } from './tasks/list'
import { QuickAdd } from './tasks/quick-add'
import { taskOf } from './tasks/task'
import { above } from './tasks/tree'
import './tasks.css'

const VIEW = 'twin-tasks-view'

export function Tasks({ roomId }: { roomId?: string }) {
  const now = useNow()
  const query = useSearch()
  const filter = useMemo(() => filterFrom(query), [query])
  const [asBoard, setBoard] = useState(() => localStorage.getItem(VIEW) === 'board')
  const where = roomId === undefined ? 'objects' : path('rooms', roomId, 'objects')
  const [loaded, again] = useRead(() => twin.read(where, { capability: CAPABILITY }), [where])

  const objects = twin.objects.value
  const all = useMemo(
    () =>
      objects
        .filter((each) => each.capability === CAPABILITY && (roomId === undefined || each.room_id === roomId))
        .map(taskOf),
    [objects, roomId],
  )
  const up = useMemo(() => above(all), [all])
  const owner = twin.owner.value
  const tasks = useMemo(() => filtered(all, filter, owner), [all, filter, owner])

  const show = (board: boolean): void => {
    localStorage.setItem(VIEW, board ? 'board' : 'list')
    setBoard(board)
  }
  const shared = {
    tasks,
    all,
    up,
    now,
    rooms: roomId === undefined,
    level: roomId === undefined ? 'h2' : 'h3',
  } as const
  return (
    <div class="stack tasks">
      <div class="spread">
        {roomId === undefined ? <Heading title={t('nav.tasks')}>{t('nav.tasks')}</Heading> : <h2>{t('nav.tasks')}</h2>}
        <div class="actions no-print" role="group" aria-label={t('tasks.view')}>
          <button type="button" aria-pressed={!asBoard} onClick={() => show(false)}>
            <Icon of={ListIcon} />
            {t('tasks.view.list')}
          </button>
          <button type="button" aria-pressed={asBoard} onClick={() => show(true)}>
            <Icon of={Columns3} />
            {t('tasks.view.board')}
          </button>
        </div>
      </div>
      {(roomId === undefined || twin.mayWrite(roomId)) && (
        <QuickAdd
          roomId={roomId ?? (twin.mayWrite(filter.room) ? filter.room : undefined)}
          label={t('tasks.add')}
          more={fitting(filter, owner)}
        />
      )}
      {all.length > 0 && <Filters filter={filter} tasks={all} rooms={roomId === undefined} />}
      {loaded.state === 'failed' && all.length > 0 && (
        <div class="note warn row" role="alert">
          <p class="grow">
            {t('tasks.some')} {loaded.problem}
          </p>
          <button type="button" onClick={again}>
            {t('again')}
          </button>
        </div>
      )}
      {all.length > 0 ? (
        <>
          {tasks.length === 0 ? (
            <Empty icon={ListTodo}>
              <p role="status">{t('tasks.none-fits')}</p>
              <button type="button" onClick={() => setFilter(ALL)}>
                {t('tasks.filter.clear')}
              </button>
            </Empty>
          ) : asBoard ? (
            <Board {...shared} />
          ) : (
            <List {...shared} doneOpen={filter.state === 'done'} />
          )}
        </>
      ) : (
        <Loading of={loaded} again={again}>
          {() => (
            <Empty icon={ListTodo}>
              <p>{t(roomId !== undefined && !twin.mayWrite(roomId) ? 'tasks.none-to-read' : 'tasks.none')}</p>
            </Empty>
          )}
        </Loading>
      )}
    </div>
  )
}

/** Returns what a new task needs to be among those that are shown; it would vanish as soon as it is added. */
function fitting(filter: Filter, owner: string): Content[] {
  const who = filter.who === ME ? owner : filter.who
  return [...(filter.word === '' ? [] : [worded(filter.word, true)]), ...(who.startsWith('@') ? [given(who)] : [])]
}
