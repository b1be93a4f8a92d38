/** Tasks under headings by when they are due, each with its parts indented under it. */

import { useId, useMemo, useRef, useState } from 'preact/hooks'
import { ChevronDown, ChevronRight } from 'lucide-preact'
import { Icon } from '../../parts/icons'
import { clean } from '../../parts/names'
import { t } from '../../texts/texts'
import { focusSoon } from './acts'
import { Facts } from './facts'
import { GROUPS, grouped, type Group } from './order'
import { QuickAdd } from './quick-add'
import { nextTo, TaskMenu, Tick, TitleLink } from './row'
import type { Task } from './task'
import { below, lines, partsDone, type Above, type Below } from './tree'

/** So many lines a heading shows at first, and so many more at a time. */
const FIRST = 40
const MORE = 100
const DEEPEST = 4

interface ListProps {
  tasks: readonly Task[]
  /** All tasks, also those that are filtered away, for what is a part of what. */
  all: readonly Task[]
  up: Above
  now: Date
  rooms: boolean
  level: 'h2' | 'h3'
  /** Shows what is done at once, because somebody asked for just that. */
  doneOpen: boolean
}

export function List({ tasks, all, up, now, rooms, level, doneOpen }: ListProps) {
  const { groups, down } = useMemo(() => grouped(tasks, up, now), [tasks, up, now])
  const whole = useMemo(() => below(all, up), [all, up])
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set())
  const [adding, setAdding] = useState<string>()
  const fold = (key: string): void => {
    const next = new Set(folded)
    if (!next.delete(key)) next.add(key)
    setFolded(next)
  }
  return (
    <div class="stack" data-tasks>
      {GROUPS.filter((group) => groups.has(group)).map((group) => (
        <Section
          key={`${group} ${doneOpen}`}
          group={group}
          roots={groups.get(group) ?? []}
          level={level}
          open={group !== 'done' || doneOpen}
          {...{ down, whole, folded, fold, adding, setAdding, now, rooms, up }}
        />
      ))}
    </div>
  )
}

interface SectionProps {
  group: Group
  roots: readonly Task[]
  level: 'h2' | 'h3'
  /** Whether it shows what is in it from the start. */
  open: boolean
  down: Below
  whole: Below
  folded: ReadonlySet<string>
  fold: (key: string) => void
  adding: string | undefined
  setAdding: (key: string | undefined) => void
  now: Date
  rooms: boolean
  up: Above
}

function Section({ group, roots, level: Level, open: opened, down, ...rest }: SectionProps) {
  const [open, setOpen] = useState(opened)
  const [limit, setLimit] = useState(FIRST)
  const heading = useId()
  const list = useRef<HTMLUListElement>(null)
  const shown: { line: ReturnType<typeof lines>[number]; root: boolean }[] = []
  let more = false
  for (const root of open ? roots : []) {
    if (shown.length >= limit) {
      more = true
      break
    }
    for (const line of lines(root, down, rest.folded)) shown.push({ line, root: line.task === root })
  }
  more ||= shown.length > limit
  return (
    <section class={`card task-group ${group}`} aria-labelledby={heading}>
      <header>
        <Level id={heading}>
          {group === 'done' ? (
            <button type="button" class="quiet fold" aria-expanded={open} onClick={() => setOpen(!open)}>
              <Icon of={open ? ChevronDown : ChevronRight} />
              {t('tasks.group.done')} <span class="chip numbers">{roots.length}</span>
            </button>
          ) : (
            <>
              {t(`tasks.group.${group}`)} <span class="chip numbers">{roots.length}</span>
            </>
          )}
        </Level>
      </header>
      {open && (
        <ul ref={list} class="list task-list">
          {shown.slice(0, limit).map(({ line, root }) => (
            <Row key={line.task.key} line={line} partOf={root ? rest.up.get(line.task)?.title : undefined} {...rest} />
          ))}
        </ul>
      )}
      {more && (
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

type RowProps = Omit<SectionProps, 'group' | 'roots' | 'level' | 'open' | 'down'> & {
  line: ReturnType<typeof lines>[number]
  partOf: string | undefined
}

function Row({
  line: { task, depth, parts },
  partOf,
  whole,
  folded,
  fold,
  adding,
  setAdding,
  now,
  rooms,
  up,
}: RowProps) {
  const all = whole.get(task)
  const parent = up.get(task)
  const entry = useRef<HTMLLIElement>(null)
  return (
    <li ref={entry} class={`task depth-${Math.min(depth, DEEPEST)} ${task.open ? '' : 'over'}`} data-task={task.key}>
      <div class="row top-line">
        <Tick
          task={task}
          onTicked={(box) => {
            const next = nextTo(box)
            focusSoon(() => (box.isConnected ? box : next))
          }}
        />
        <div class="grow">
          <TitleLink task={task} />
          {depth > 0 && parent && (
            <span class="hidden-text">
              {' '}
              {t('tasks.part-of')} {clean(parent.title)}
            </span>
          )}
          <Facts task={task} now={now} room={rooms && depth === 0} partOf={partOf} />
        </div>
        {all &&
          (parts > 0 ? (
            <button
              type="button"
              class="quiet fold small"
              aria-expanded={!folded.has(task.key)}
              aria-label={t('tasks.parts-of', { title: clean(task.title), ...partsDone(all) })}
              onClick={() => fold(task.key)}
            >
              {t('tasks.parts', partsDone(all))}
              <Icon of={folded.has(task.key) ? ChevronRight : ChevronDown} />
            </button>
          ) : (
            <span class="small soft">{t('tasks.parts', partsDone(all))}</span>
          ))}
        <TaskMenu task={task} down={whole} onAddPart={() => setAdding(task.key)} />
      </div>
      {adding === task.key && (
        <QuickAdd
          roomId={task.object.room_id}
          parent={task.object.uid}
          label={t('tasks.add-part')}
          onClose={() => {
            setAdding(undefined)
            focusSoon(() => entry.current?.querySelector('[aria-haspopup]'))
          }}
        />
      )}
    </li>
  )
}
