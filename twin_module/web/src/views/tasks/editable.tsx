/** All fields of a task, each of which saves itself. */

import { here } from '../../dates'
import { Field } from '../../parts/form'
import { t } from '../../texts/texts'
import { twin } from '../../twin/twin'
import type { Content } from '../../twin/types'
import { setProgress } from './acts'
import { dueFields } from './changes'
import { DueField } from './due'
import { levelOf, type Level } from './facts'
import { People } from './people'
import { LONGEST_TITLE } from './quick-add'
import { SavedNumber, SavedText } from './saved'
import { PROGRESS, type Progress, type Task } from './task'
import { Words } from './words'

const LONGEST_DESCRIPTION = 20_000
/** RFC 5545 (section 3.8.1.9): these stand for what other programs show as high, medium and low. */
const PRIORITIES: Record<Level, number | null> = { none: null, high: 1, medium: 5, low: 9 }

export function Editable({ task }: { task: Task }) {
  const { content } = task.object
  const change = (fields: Content): void => twin.outbox.change(task.object, fields)
  const percent = typeof content.percentComplete === 'number' ? content.percentComplete : undefined
  return (
    <div class="card task-fields">
      <div class="wide">
        <SavedText
          label={t('tasks.field.title')}
          value={typeof content.title === 'string' ? content.title : task.title}
          max={LONGEST_TITLE}
          needed
          onSave={(title) => change({ title })}
        />
      </div>
      <Field label={t('tasks.field.progress')}>
        {(ids) => (
          <select
            {...ids}
            value={task.progress}
            onChange={({ currentTarget }) => setProgress(task, currentTarget.value as Progress)}
          >
            {PROGRESS.map((each) => (
              <option key={each} value={each}>
                {t(`tasks.progress.${each}`)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <SavedNumber
        label={t('tasks.field.percent')}
        value={percent}
        max={100}
        onSave={(percentComplete) => change({ percentComplete })}
      />
      <DueField due={task.due} onSave={(day, time) => change(dueFields(day, time, here()))} />
      <Field label={t('tasks.field.priority')}>
        {(ids) => (
          <select
            {...ids}
            value={levelOf(task.rank)}
            onChange={({ currentTarget }) => change({ priority: PRIORITIES[currentTarget.value as Level] })}
          >
            {(Object.keys(PRIORITIES) as Level[]).map((level) => (
              <option key={level} value={level}>
                {t(`tasks.priority.${level}`)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <People task={task} change />
      <Words task={task} change />
      <div class="wide">
        <SavedText
          label={t('tasks.field.description')}
          value={typeof content.description === 'string' ? content.description : ''}
          max={LONGEST_DESCRIPTION}
          lines
          hint={t('tasks.field.saves')}
          onSave={(description) => change({ description: description === '' ? null : description })}
        />
      </div>
    </div>
  )
}
