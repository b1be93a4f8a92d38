/** Which tasks are shown; kept in the address, so that it can be bookmarked and survives a reload. */

import type { Task } from './task'

/** Stand for people in the address. */
export const ME = 'me'
export const NOBODY = 'nobody'

export interface Filter {
  text: string
  /** A Matrix ID, `me`, `nobody`, or empty for everybody. */
  who: string
  word: string
  room: string
  state: '' | 'open' | 'done'
}

export const ALL: Filter = { text: '', who: '', word: '', room: '', state: '' }
const NAMES = { text: 'q', who: 'who', word: 'word', room: 'room', state: 'state' } as const

export function filterFrom(query: string): Filter {
  const asked = new URLSearchParams(query)
  const state = asked.get(NAMES.state)
  return {
    text: asked.get(NAMES.text) ?? '',
    who: asked.get(NAMES.who) ?? '',
    word: asked.get(NAMES.word) ?? '',
    room: asked.get(NAMES.room) ?? '',
    state: state === 'open' || state === 'done' ? state : '',
  }
}

/** Returns a query with a filter in it; what else stands there stays. */
export function queryOf(filter: Filter, before: string): string {
  const query = new URLSearchParams(before)
  for (const [field, name] of Object.entries(NAMES) as [keyof Filter, string][]) {
    if (filter[field] === '') query.delete(name)
    else query.set(name, filter[field])
  }
  return query.size > 0 ? `?${query}` : ''
}

export function isAll(filter: Filter): boolean {
  return Object.values(filter).every((value) => value === '')
}

export function filtered(tasks: readonly Task[], filter: Filter, owner: string): Task[] {
  const words = filter.text.toLocaleLowerCase().split(/\s+/).filter(Boolean)
  const who = filter.who === ME ? owner : filter.who
  return tasks.filter(
    (task) =>
      (filter.state === '' || task.open === (filter.state === 'open')) &&
      (filter.room === '' || task.object.room_id === filter.room) &&
      (who === '' || (who === NOBODY ? task.people.length === 0 : task.people.includes(who))) &&
      (filter.word === '' || task.keywords.includes(filter.word)) &&
      (words.length === 0 || hasAll(task, words)),
  )
}

function hasAll(task: Task, words: readonly string[]): boolean {
  const { description } = task.object.content
  const all = [task.title, typeof description === 'string' ? description : '', ...task.keywords]
    .join('\n')
    .toLocaleLowerCase()
  return words.every((word) => all.includes(word))
}
