/** What is written when somebody changes a task: fields as JSON Merge Patch (RFC 7396), null takes one away. */

import { utcDateTime } from '../../dates'
import type { Content } from '../../twin/types'
import type { Progress, Task } from './task'

const PARTICIPANT = 'Participant'

/** Returns the fields that change with the progress, as the commands `complete` and `reopen` set them. */
export function progressed(progress: Progress, now: Date): Content {
  const percent = progress === 'completed' ? 100 : progress === 'needs-action' ? null : undefined
  return {
    progress,
    progressUpdated: utcDateTime(now),
    ...(percent === undefined ? {} : { percentComplete: percent }),
  }
}

/** Returns the fields that bring a task back to what it was before others were written over it. */
export function undone(before: Content, fields: Content): Content {
  return Object.fromEntries(Object.keys(fields).map((name) => [name, before[name] ?? null]))
}

/** Returns the fields that give a task to somebody. */
export function given(user: string): Content {
  return { participants: { [user]: { '@type': PARTICIPANT, roles: { attendee: true } } } }
}

/** Returns the fields that give a task to somebody, or take it off them; other roles of theirs stay. */
export function assigned(task: Task, user: string, wanted: boolean): Content {
  if (wanted) return given(user)
  const people = (task.object.content.participants ?? {}) as { [user: string]: { roles?: Content } }
  const others = Object.keys(people[user]?.roles ?? {}).filter((role) => role !== 'attendee')
  // Somebody without a role is nobody's participant (RFC 8984, section 4.4.6). Only their own entry is named: whom
  // somebody else adds at the same time stays.
  return { participants: { [user]: others.length > 0 ? { roles: { attendee: null } } : null } }
}

/**
 * Returns the fields of a due date.
 *
 * A day without a time is one wherever its reader is, so it has no zone; it ends with its last second, so that
 * nobody counts it as overdue before.
 */
export function dueFields(day: string, time: string, zone: string): Content {
  if (day === '') return { due: null, timeZone: null, showWithoutTime: null }
  if (time === '') return { due: `${day}T23:59:59`, timeZone: null, showWithoutTime: true }
  return { due: `${day}T${time.slice(0, 5)}:00`, timeZone: zone, showWithoutTime: null }
}

export function worded(word: string, wanted: boolean): Content {
  return { keywords: { [word]: wanted ? true : null } }
}

/** Returns the content of a new task; `more` are fields as a change has them. */
export function newTask(title: string, now: Date, parent?: string, ...more: Content[]): Content {
  return {
    '@type': 'Task',
    title,
    progress: 'needs-action',
    created: utcDateTime(now),
    ...(parent === undefined ? {} : { relatedTo: { [parent]: { '@type': 'Relation', relation: { parent: true } } } }),
    ...Object.assign({}, ...more),
  }
}
