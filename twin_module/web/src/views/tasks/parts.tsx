/** What a task is a part of, and what its own parts are. */

import { useMemo } from 'preact/hooks'
import { Link } from 'wouter-preact'
import { Text } from '../../parts/names'
import { useRead } from '../../parts/loading'
import { places } from '../../places'
import { t } from '../../texts/texts'
import { path } from '../../twin/api'
import { twin } from '../../twin/twin'
import { CAPABILITY } from './acts'
import { Facts } from './facts'
import { QuickAdd } from './quick-add'
import { TaskMenu, Tick, TitleLink } from './row'
import { taskOf, type Task } from './task'
import { above, below, partsDone, type Below } from './tree'

/** Reads what belongs to a task, and returns what it is a part of, and what is under each task of its room. */
export function useFamily(task: Task): { parent: Task | undefined; down: Below } {
  const { room_id } = task.object
  const where = path('rooms', room_id, 'objects')
  // All of them: the parts of its parts too, as they are needed to remove or count them.
  useRead(() => twin.read(where, { capability: CAPABILITY }), [where])
  const objects = twin.objects.value
  return useMemo(() => {
    const all = objects.filter((each) => each.capability === CAPABILITY && each.room_id === room_id).map(taskOf)
    const up = above(all)
    const self = all.find((each) => each.key === task.key)
    return { parent: self && up.get(self), down: below(all, up) }
  }, [objects, room_id, task.key])
}

export function PartOf({ parent, task }: { parent: Task; task: Task }) {
  return (
    <p class="row">
      <span class="soft clip">
        {t('tasks.part-of')}{' '}
        <Link href={places.object(parent.object)}>
          <Text of={parent.title} />
        </Link>
      </span>
      {twin.mayWrite(task.object.room_id) && (
        <button
          type="button"
          class="quiet small"
          onClick={() => twin.outbox.change(task.object, { relatedTo: { [parent.object.uid]: null } })}
        >
          {t('tasks.part-of.end')}
        </button>
      )}
    </p>
  )
}

export function Parts({ task, down, now }: { task: Task; down: Below; now: Date }) {
  const parts = down.get([...down.keys()].find((each) => each.key === task.key) ?? task) ?? []
  const change = twin.mayWrite(task.object.room_id)
  if (parts.length === 0 && !change) return null
  return (
    <section class="card stack tight" aria-labelledby="task-parts">
      <div class="row">
        <h2 id="task-parts">{t('tasks.field.parts')}</h2>
        {parts.length > 0 && <span class="soft small">{t('tasks.parts', partsDone(parts))}</span>}
      </div>
      {parts.length > 0 && (
        <ul class="list task-list" data-tasks>
          {parts.map((part) => (
            <li key={part.key} class={`task ${part.open ? '' : 'over'}`} data-task={part.key}>
              <div class="row top-line">
                <Tick task={part} />
                <div class="grow">
                  <TitleLink task={part} />
                  <Facts task={part} now={now} />
                </div>
                <TaskMenu task={part} down={down} />
              </div>
            </li>
          ))}
        </ul>
      )}
      {change && <QuickAdd roomId={task.object.room_id} parent={task.object.uid} label={t('tasks.add-part')} />}
    </section>
  )
}
