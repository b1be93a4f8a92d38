/** What a person does to a task: written at once, said, and undone by a click. */

import { useEffect, useState } from 'preact/hooks'
import { clean } from '../../parts/names'
import { say } from '../../parts/frame'
import { t } from '../../texts/texts'
import { twin } from '../../twin/twin'
import type { Content, Room } from '../../twin/types'
import { bare } from '../objects/declared'
import { assigned, newTask, progressed, undone } from './changes'
import type { Progress, Task } from './task'

export const CAPABILITY = 'tasks'
const SAID_LETTERS = 60

/** Returns a title that fits into a message. */
export function short(title: string): string {
  const letters = [...clean(title)]
  return letters.length > SAID_LETTERS ? `${letters.slice(0, SAID_LETTERS).join('')}…` : letters.join('')
}

export function setProgress(task: Task, progress: Progress): void {
  if (task.progress === progress) return
  const fields = progressed(progress, new Date())
  const back = undone(task.object.content, fields)
  twin.outbox.change(task.object, fields)
  say(t(`tasks.said.${progress}`, { title: short(task.title) }), {
    action: { label: t('undo'), run: () => twin.outbox.change(task.object, back) },
  })
}

export function assign(task: Task, user: string, wanted: boolean): void {
  twin.outbox.change(task.object, assigned(task, user, wanted))
}

export function addTask(roomId: string, title: string, parent?: string, ...more: Content[]): void {
  twin.outbox.make(roomId, CAPABILITY, twin.typeOf(CAPABILITY), newTask(title, new Date(), parent, ...more))
}

/** Removes a task with its parts, the parts first, so that none is ever left without what it is a part of. */
export function removeAll(tasks: readonly Task[]): void {
  const [first] = tasks
  if (first === undefined) return
  for (const { object } of [...tasks].reverse()) twin.outbox.remove(object)
  say(t('tasks.said.removed', { title: short(first.title), parts: tasks.length - 1 }), {
    action: {
      label: t('undo'),
      run: () => {
        for (const { object } of tasks) {
          twin.outbox.make(object.room_id, CAPABILITY, object.type, bare(object.content), object.uid)
        }
      },
    },
  })
}

/** Returns the rooms where one may add tasks: collections first, then others that hold what one likes. */
export function writableRooms(): { collections: Room[]; others: Room[] } {
  const others = [...twin.rooms.value.values()].filter((room) => room.kind === 'other' && twin.mayWrite(room.room_id))
  return {
    collections: twin.collections.value.filter((room) => twin.mayWrite(room.room_id)),
    others: others.sort((a, b) => (a.name ?? '').localeCompare(b.name ?? '')),
  }
}

const MINUTE_MS = 60_000

/** Returns the time, anew each minute: what is due today is overdue tomorrow, also on a page that stays open. */
export function useNow(): Date {
  const [now, setNow] = useState(() => new Date())
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), MINUTE_MS)
    return () => clearInterval(timer)
  }, [])
  return now
}

/** Gives the focus to what a selector finds, once what has just changed is drawn, if nothing has it. */
export function focusSoon(find: () => Element | null | undefined, always = false): void {
  requestAnimationFrame(() => {
    const lost = document.activeElement === null || document.activeElement === document.body
    const found = find()
    if ((lost || always) && found instanceof HTMLElement) found.focus()
  })
}
