/** The keywords of a task, as chips. */

import { useRef } from 'preact/hooks'
import { Plus } from 'lucide-preact'
import { Icon } from '../../parts/icons'
import { clean, Text } from '../../parts/names'
import { t } from '../../texts/texts'
import { twin } from '../../twin/twin'
import { worded } from './changes'
import { TakeOut } from './people'
import type { Task } from './task'

const LONGEST_WORD = 100

export function Words({ task, change }: { task: Task; change: boolean }) {
  const input = useRef<HTMLInputElement>(null)
  const add = (event: Event): void => {
    event.preventDefault()
    const word = input.current?.value.trim().replace(/^#/, '') ?? ''
    if (word !== '' && !task.keywords.includes(word)) twin.outbox.change(task.object, worded(word, true))
    if (input.current) input.current.value = ''
  }
  if (!change && task.keywords.length === 0) return null
  return (
    <div class="field">
      <span class="label" id="task-words">
        {t('tasks.field.words')}
      </span>
      {task.keywords.length > 0 && (
        <ul class="chips" aria-labelledby="task-words">
          {task.keywords.map((word) => (
            <li key={word} class="chip">
              <span class="clip">
                #<Text of={word} />
              </span>
              {change && (
                <TakeOut
                  label={t('tasks.field.words-remove', { word: clean(word) })}
                  onClick={() => {
                    twin.outbox.change(task.object, worded(word, false))
                    input.current?.focus()
                  }}
                />
              )}
            </li>
          ))}
        </ul>
      )}
      {change && (
        <form class="row" onSubmit={add}>
          <input
            ref={input}
            aria-label={t('tasks.field.words-add')}
            placeholder={t('tasks.field.words-add')}
            maxLength={LONGEST_WORD}
            autocomplete="off"
            enterkeyhint="done"
          />
          <button type="submit" class="icon-only" aria-label={t('tasks.field.words-add')}>
            <Icon of={Plus} />
          </button>
        </form>
      )}
    </div>
  )
}
