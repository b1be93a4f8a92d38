/** One task in the list or on the board: tick it off, read it, open it, and a menu of what else can be done. */

import { useState } from 'preact/hooks'
import {
  Ban,
  Circle,
  CircleCheck,
  CircleDot,
  CircleX,
  FolderInput,
  ListPlus,
  Trash,
  UserMinus,
  UserPlus,
} from 'lucide-preact'
import { Link } from 'wouter-preact'
import { Icon } from '../../parts/icons'
import { clean, Text } from '../../parts/names'
import { places } from '../../places'
import { t } from '../../texts/texts'
import { twin } from '../../twin/twin'
import { assign, focusSoon, removeAll, setProgress } from './acts'
import { Menu, type Choice } from '../../parts/menu'
import { MoveDialog } from './move'
import { PROGRESS, type Progress, type Task } from './task'
import { lines, type Below } from './tree'

const ICONS = {
  'needs-action': Circle,
  'in-process': CircleDot,
  completed: CircleCheck,
  cancelled: Ban,
  failed: CircleX,
} as const satisfies Record<Progress, unknown>

/** The box that says whether a task is done; who may only read sees it as a picture. */
export function Tick({ task, onTicked }: { task: Task; onTicked?: (box: HTMLInputElement) => void }) {
  if (!twin.mayWrite(task.object.room_id)) {
    return (
      <span class="tick">
        <Icon of={ICONS[task.progress]} />
        <span class="hidden-text">{t(`tasks.progress.${task.progress}`)}</span>
      </span>
    )
  }
  return (
    <label class="tick">
      <input
        type="checkbox"
        checked={!task.open}
        aria-label={clean(task.title)}
        onChange={({ currentTarget: box }) => {
          onTicked?.(box)
          setProgress(task, task.open ? 'completed' : 'needs-action')
        }}
      />
    </label>
  )
}

export function TitleLink({ task }: { task: Task }) {
  return (
    <Link href={places.object(task.object)} class="plain title" draggable={false}>
      <Text of={task.title} />
    </Link>
  )
}

interface TaskMenuProps {
  task: Task
  down: Below
  /** Begins to add a part; absent where there is no place for it. */
  onAddPart?: (() => void) | undefined
  onProgress?: ((progress: Progress) => void) | undefined
}

export function TaskMenu({ task, down, onAddPart, onProgress }: TaskMenuProps) {
  const [moving, setMoving] = useState(false)
  if (!twin.mayWrite(task.object.room_id)) return null
  const choices = (): Choice[] => {
    const mine = task.people.includes(twin.owner.value)
    return [
      ...PROGRESS.filter((progress) => progress !== task.progress).map((progress) => ({
        label: t(`tasks.mark.${progress}`),
        icon: ICONS[progress],
        run: () => (onProgress ?? ((to: Progress) => setProgress(task, to)))(progress),
      })),
      ...(onAddPart ? [{ label: t('tasks.add-part'), icon: ListPlus, run: onAddPart }] : []),
      {
        label: t(mine ? 'tasks.not-me' : 'tasks.me'),
        icon: mine ? UserMinus : UserPlus,
        run: () => assign(task, twin.owner.value, !mine),
      },
      { label: t('tasks.move'), icon: FolderInput, run: () => setMoving(true) },
      {
        label: t('remove'),
        icon: Trash,
        bad: true,
        run: () => {
          const next = nextTo(document.activeElement)
          removeAll(lines(task, down).map((line) => line.task))
          focusSoon(() => next)
        },
      },
    ]
  }
  return (
    <>
      <Menu label={t('tasks.menu', { title: clean(task.title) })} choices={choices} />
      {moving && <MoveDialog task={task} onClose={() => setMoving(false)} />}
    </>
  )
}

/** Returns what may take the focus when the entry that an element stands in goes away: the same in the next one. */
export function nextTo(element: Element | null): Element | undefined {
  const entry = element?.closest('[data-task]')
  const all = [...(element?.closest('[data-tasks]')?.querySelectorAll('[data-task]') ?? [])]
  const at = entry ? all.indexOf(entry) : -1
  const beside = all[at + 1] ?? all[at - 1]
  const like = element instanceof HTMLInputElement ? 'input' : 'button'
  return beside?.querySelector(like) ?? beside?.querySelector('a') ?? undefined
}
