/** Who has to do a task: chips with their names, and the room's members to choose from. */

import { useRef } from 'preact/hooks'
import { X } from 'lucide-preact'
import { Icon } from '../../parts/icons'
import { Avatar, clean, Name, nameOf } from '../../parts/names'
import { t } from '../../texts/texts'
import { useDetails } from '../people/current'
import { assign } from './acts'
import type { Task } from './task'

export function People({ task, change }: { task: Task; change: boolean }) {
  const [details] = useDetails(task.object.room_id)
  const select = useRef<HTMLSelectElement>(null)
  const members = details.state === 'there' ? details.value.members.filter((each) => each.membership === 'join') : []
  const free = members.filter((each) => !task.people.includes(each.user_id))
  const called = (id: string): string => {
    const said = members.find((each) => each.user_id === id)?.displayname
    const known = nameOf(id)
    return said && known === id.slice(1).split(':')[0] ? clean(said) || known : known
  }
  return (
    <div class="field">
      <span class="label" id="task-people">
        {t('tasks.field.people')}
      </span>
      {task.people.length > 0 ? (
        <ul class="chips" aria-labelledby="task-people">
          {task.people.map((id) => (
            <li key={id} class="chip person">
              <Avatar id={id} small />
              <span class="clip">
                <Name id={id} withId={members.length > 0 && !members.some((each) => each.user_id === id)} />
              </span>
              {change && (
                <TakeOut
                  label={t('tasks.field.people-remove', { name: called(id) })}
                  onClick={() => {
                    assign(task, id, false)
                    select.current?.focus()
                  }}
                />
              )}
            </li>
          ))}
        </ul>
      ) : (
        <p class="soft small">{t('tasks.field.people-none')}</p>
      )}
      {change && free.length > 0 && (
        <select
          ref={select}
          aria-label={t('tasks.field.people-add')}
          value=""
          onChange={({ currentTarget }) => {
            if (currentTarget.value !== '') assign(task, currentTarget.value, true)
            currentTarget.value = ''
          }}
        >
          <option value="">{t('tasks.field.people-add')}</option>
          {free.map(({ user_id }) => (
            <option key={user_id} value={user_id}>
              {called(user_id)} ({user_id})
            </option>
          ))}
        </select>
      )}
    </div>
  )
}

/** Takes one chip away. */
export function TakeOut({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <button type="button" class="quiet take-out" aria-label={label} onClick={onClick}>
      <Icon of={X} />
    </button>
  )
}
