/** What is said about a task beside its title: when, how urgent, whose, where, and whether it is on its way. */

import { CalendarClock, CloudUpload, Flag } from 'lucide-preact'
import { dayName, daysBetween, fully, timeOfDay } from '../../dates'
import { Icon } from '../../parts/icons'
import { Avatar, nameOf, roomName, Text } from '../../parts/names'
import { currentLocale, t } from '../../texts/texts'
import { twin } from '../../twin/twin'
import type { Due, Task } from './task'

const MOST_WORDS = 6
const MOST_FACES = 3

export interface FactsProps {
  task: Task
  now: Date
  /** Says in which collection it is. */
  room?: boolean
  /** The title of what it is a part of, where that does not stand right above it. */
  partOf?: string | undefined
  /** Stands on the board, where the column says how far it is. */
  card?: boolean
}

export function Facts({ task, now, room = false, partOf, card = false }: FactsProps) {
  const waiting = twin.outbox.isWaiting(task.object)
  return (
    <div class="facts">
      {waiting && (
        <span class="chip warn waits">
          <Icon of={CloudUpload} />
          {t('tasks.waiting')}
        </span>
      )}
      {(task.progress === 'cancelled' || task.progress === 'failed') && (
        <span class="chip bad">{t(`tasks.progress.${task.progress}`)}</span>
      )}
      {task.progress === 'in-process' && !card && <span class="chip accent">{t('tasks.progress.in-process')}</span>}
      {task.object.problem !== undefined && <span class="chip warn">{t('tasks.problem')}</span>}
      {task.due && <DueChip due={task.due} open={task.open} now={now} />}
      <Priority rank={task.rank} />
      {task.keywords.slice(0, MOST_WORDS).map((word) => (
        <span key={word} class="chip">
          <span class="clip">
            #<Text of={word} />
          </span>
        </span>
      ))}
      {task.keywords.length > MOST_WORDS && <span class="chip">+{task.keywords.length - MOST_WORDS}</span>}
      {partOf !== undefined && (
        <span class="soft small clip">
          {t('tasks.part-of')} <Text of={partOf} />
        </span>
      )}
      {room && (
        <span class="soft small clip">
          <Text of={roomName(task.object.room_id)} />
        </span>
      )}
      <Faces of={task.people} />
    </div>
  )
}

/** Returns when something is due, as people say it. */
export function dueText(due: Due, now: Date): string {
  const date = new Date(due.at)
  const day = dayName(date, now)
  return due.dayOnly ? day : t('tasks.day-and-time', { day, time: timeOfDay(date) })
}

/** Returns the time where it was written, if clocks show another one there. */
export function elsewhere(due: Due): string | undefined {
  if (due.zone === undefined) return undefined
  const date = new Date(due.at)
  const there = new Intl.DateTimeFormat(currentLocale(), {
    dateStyle: 'medium',
    timeStyle: 'short',
    timeZone: due.zone,
  })
  const here = new Intl.DateTimeFormat(currentLocale(), { dateStyle: 'medium', timeStyle: 'short' })
  if (there.format(date) === here.format(date)) return undefined
  return t('tasks.elsewhere', { zone: due.zone.replaceAll('_', ' '), time: there.format(date) })
}

function DueChip({ due, open, now }: { due: Due; open: boolean; now: Date }) {
  const date = new Date(due.at)
  const mark = !open ? '' : due.at < now.getTime() ? 'bad' : daysBetween(now, date) === 0 ? 'warn' : ''
  return (
    <span class={`chip ${mark}`} title={[fully(date), elsewhere(due)].filter(Boolean).join('\n')}>
      <Icon of={CalendarClock} />
      <span class="hidden-text">{t(open && mark === 'bad' ? 'tasks.overdue-since' : 'tasks.due')}</span>
      <span class="said">{dueText(due, now)}</span>
    </span>
  )
}

export type Level = 'high' | 'medium' | 'low' | 'none'

/** RFC 5545 (section 3.8.1.9) has 1 to 4 as high, 5 as medium, 6 to 9 as low. */
export function levelOf(rank: number): Level {
  return rank >= 10 ? 'none' : rank < 5 ? 'high' : rank === 5 ? 'medium' : 'low'
}

function Priority({ rank }: { rank: number }) {
  const level = levelOf(rank)
  if (level === 'none') return null
  return (
    <span class={`chip ${level === 'high' ? 'bad' : ''}`}>
      <Icon of={Flag} />
      {t(`tasks.priority.${level}`)}
    </span>
  )
}

function Faces({ of }: { of: readonly string[] }) {
  if (of.length === 0) return null
  const names = of.slice(0, 10).map(nameOf).join(', ')
  return (
    <span class="faces" title={names}>
      <span class="hidden-text">{t('tasks.for', { names })}</span>
      {of.slice(0, MOST_FACES).map((id) => (
        <Avatar key={id} id={id} small />
      ))}
      {of.length > MOST_FACES && <span class="small soft">+{of.length - MOST_FACES}</span>}
    </span>
  )
}
