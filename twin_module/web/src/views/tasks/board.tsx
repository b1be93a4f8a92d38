/** Tasks in columns by how far they are; cards are dragged, or moved by the menu or Shift and an arrow key. */

import { useEffect, useId, useMemo, useRef, useState } from 'preact/hooks'
import type { JSX } from 'preact'
import { t } from '../../texts/texts'
import { twin } from '../../twin/twin'
import { focusSoon, setProgress } from './acts'
import { pressed } from './drag'
import { Facts } from './facts'
import { columnOf, columns } from './order'
import { Tick, TaskMenu, TitleLink } from './row'
import { COLUMNS, type Column, type Progress, type Task } from './task'
import { below, partsDone, type Above } from './tree'

const FIRST = 50
const MORE = 100

interface BoardProps {
  tasks: readonly Task[]
  /** All tasks, also those that are filtered away, for what is a part of what. */
  all: readonly Task[]
  up: Above
  now: Date
  rooms: boolean
  level: 'h2' | 'h3'
}

export function Board({ tasks, all, up, now, rooms, level: Level }: BoardProps) {
  const board = useRef<HTMLDivElement>(null)
  const hint = useId()
  const [said, sayHere] = useState('')
  const down = useMemo(() => below(all, up), [all, up])
  const byKey = useMemo(() => new Map(tasks.map((task) => [task.key, task])), [tasks])
  const inColumns = useMemo(() => [...columns(tasks)], [tasks])

  useEffect(() => {
    // Some browsers only let a finger be held back from scrolling if somebody listened when it came down.
    const listen = (): void => {}
    board.current?.addEventListener('touchmove', listen, { passive: false })
    return () => board.current?.removeEventListener('touchmove', listen)
  }, [])

  const move = (task: Task, to: Progress): void => {
    setProgress(task, to)
    focusSoon(() => cardOf(board.current, task.key)?.querySelector('a'), true)
  }
  const taskAt = (target: EventTarget | null): [HTMLElement, Task] | undefined => {
    const card = target instanceof Element ? target.closest<HTMLElement>('[data-task]') : null
    const task = byKey.get(card?.dataset.task ?? '')
    return card && task ? [card, task] : undefined
  }

  const press = (event: JSX.TargetedPointerEvent<HTMLDivElement>): void => {
    const found = taskAt(event.target)
    const control = event.target instanceof Element && event.target.closest('button, input, label, [role=menu]')
    if (found === undefined || control || !twin.mayWrite(found[1].object.room_id)) return
    const [card, task] = found
    pressed(event, {
      card,
      board: event.currentTarget,
      onDrop: (column) => column !== columnOf(task) && setProgress(task, column as Column),
    })
  }

  const keys = (event: JSX.TargetedKeyboardEvent<HTMLDivElement>): void => {
    const found = taskAt(event.target)
    if (found === undefined || !event.key.startsWith('Arrow') || event.altKey || event.ctrlKey || event.metaKey) return
    if ((event.target as Element).closest('[role=menu]')) return
    const [card, task] = found
    const forward = getComputedStyle(event.currentTarget).direction === 'rtl' ? 'ArrowLeft' : 'ArrowRight'
    const sideways = event.key === 'ArrowLeft' || event.key === 'ArrowRight'
    const step = event.key === forward || event.key === 'ArrowDown' ? 1 : -1
    event.preventDefault()
    if (!event.shiftKey) return focusBeside(card, sideways, step)
    const to = COLUMNS[COLUMNS.indexOf(columnOf(task)) + step]
    if (!sideways || to === undefined || !twin.mayWrite(task.object.room_id)) return
    move(task, to)
    sayHere(t('tasks.board.moved', { column: t(`tasks.column.${to}`) }))
  }

  return (
    <>
      <div
        ref={board}
        class="board"
        data-tasks
        onPointerDown={press}
        onKeyDown={keys}
        role="group"
        aria-label={t('tasks.board')}
        aria-describedby={hint}
      >
        {inColumns.map(([column, inside]) => (
          <BoardColumn key={column} column={column} count={inside.length} level={Level}>
            {(limit) =>
              inside.slice(0, limit).map((task) => {
                const parent = up.get(task)
                const parts = down.get(task)
                return (
                  <li key={task.key} class={`card task-card ${task.open ? '' : 'over'}`} data-task={task.key}>
                    <div class="row top-line">
                      <Tick task={task} />
                      <div class="grow">
                        <TitleLink task={task} />
                      </div>
                      <TaskMenu task={task} down={down} onProgress={(to) => move(task, to)} />
                    </div>
                    <Facts task={task} now={now} room={rooms} partOf={parent?.title} card />
                    {parts && <span class="small soft">{t('tasks.parts', partsDone(parts))}</span>}
                  </li>
                )
              })
            }
          </BoardColumn>
        ))}
      </div>
      <p class="small soft no-print keys" id={hint}>
        {t('tasks.board.hint')}
      </p>
      <p class="hidden-text" aria-live="polite">
        {said}
      </p>
    </>
  )
}

interface ColumnProps {
  column: Column
  count: number
  level: 'h2' | 'h3'
  children: (limit: number) => JSX.Element[]
}

function BoardColumn({ column, count, level: Level, children }: ColumnProps) {
  const heading = useId()
  const list = useRef<HTMLUListElement>(null)
  const [limit, setLimit] = useState(FIRST)
  return (
    <section class="column" data-column={column} aria-labelledby={heading}>
      <Level id={heading}>
        {t(`tasks.column.${column}`)} <span class="chip numbers">{count}</span>
      </Level>
      <ul ref={list}>{children(limit)}</ul>
      {count === 0 && <p class="small soft none">{t('tasks.column.empty')}</p>}
      {count > limit && (
        <button
          type="button"
          class="no-print"
          onClick={() => {
            setLimit(limit + MORE)
            focusSoon(() => list.current?.children[limit]?.querySelector('a'), true)
          }}
        >
          {t('more')}
        </button>
      )}
    </section>
  )
}

function cardOf(board: Element | null, key: string): Element | undefined {
  return [...(board?.querySelectorAll<HTMLElement>('[data-task]') ?? [])].find((card) => card.dataset.task === key)
}

/** Gives the focus to the card above or below, or to the one at the same height of the next column that has any. */
function focusBeside(card: HTMLElement, sideways: boolean, step: number): void {
  const list = [...(card.parentElement?.children ?? [])]
  let to: Element | undefined = list[list.indexOf(card) + step]
  if (sideways) {
    const all = [...(card.closest('.board')?.querySelectorAll('.column') ?? [])]
    const from = all.findIndex((column) => column.contains(card))
    for (let at = from + step; to === undefined || sideways; at += step) {
      const column = all[at]
      if (column === undefined) return
      const cards = [...column.querySelectorAll('[data-task]')]
      to = cards[Math.min(list.indexOf(card), cards.length - 1)]
      if (to !== undefined) break
    }
  }
  to?.querySelector('a')?.focus()
}
