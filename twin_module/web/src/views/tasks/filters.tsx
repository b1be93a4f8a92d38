/** What narrows the tasks down: words, whose, which keyword, which collection, open or done. */

import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { Search, User } from 'lucide-preact'
import { Icon } from '../../parts/icons'
import { clean, nameOf, roomName } from '../../parts/names'
import { t } from '../../texts/texts'
import { twin } from '../../twin/twin'
import { ALL, isAll, ME, NOBODY, queryOf, type Filter } from './filter'
import type { Task } from './task'

const PAUSE_MS = 200
const MOST_CHOICES = 200
const LONGEST_CHOICE = 60

interface FiltersProps {
  filter: Filter
  /** All tasks, whose people, keywords and collections can be chosen. */
  tasks: readonly Task[]
  rooms: boolean
}

/** Puts a filter into the address, without a step for the way back. */
export function setFilter(filter: Filter): void {
  history.replaceState(history.state, '', `${location.pathname}${queryOf(filter, location.search)}`)
}

export function Filters({ filter, tasks, rooms }: FiltersProps) {
  const set = (part: Partial<Filter>): void => setFilter({ ...filter, ...part })
  const owner = twin.owner.value
  const people = choices(
    tasks.flatMap((task) => task.people),
    filter.who,
    (id) => id !== owner && id !== ME && id !== NOBODY,
  )
  const words = choices(
    tasks.flatMap((task) => task.keywords),
    filter.word,
  )
  const ids = choices(
    tasks.map((task) => task.object.room_id),
    filter.room,
  )
  const mine = filter.who === ME
  return (
    <div class="filters no-print" role="search" aria-label={t('tasks.filter')}>
      <Words value={filter.text} onChange={(text) => set({ text })} />
      <button type="button" aria-pressed={mine} onClick={() => set({ who: mine ? '' : ME })}>
        <Icon of={User} />
        {t('tasks.filter.mine')}
      </button>
      <Choice label={t('tasks.filter.who')} value={filter.who} onChange={(who) => set({ who })}>
        <option value="">{t('tasks.filter.anybody')}</option>
        <option value={ME}>{t('tasks.filter.me')}</option>
        <option value={NOBODY}>{t('tasks.filter.nobody')}</option>
        {people.map((id) => option(id, nameOf(id)))}
      </Choice>
      {words.length > 0 && (
        <Choice label={t('tasks.filter.word')} value={filter.word} onChange={(word) => set({ word })}>
          <option value="">{t('tasks.filter.any-word')}</option>
          {words.map((word) => option(word, `#${clean(word)}`))}
        </Choice>
      )}
      {rooms && ids.length > 1 && (
        <Choice label={t('tasks.filter.room')} value={filter.room} onChange={(room) => set({ room })}>
          <option value="">{t('tasks.filter.any-room')}</option>
          {ids.map((id) => option(id, roomName(id)))}
        </Choice>
      )}
      <Choice
        label={t('tasks.filter.state')}
        value={filter.state}
        onChange={(state) => set({ state: state as Filter['state'] })}
      >
        <option value="">{t('tasks.filter.any-state')}</option>
        <option value="open">{t('tasks.filter.open')}</option>
        <option value="done">{t('tasks.filter.done')}</option>
      </Choice>
      {!isAll(filter) && (
        <button type="button" class="quiet" onClick={() => setFilter(ALL)}>
          {t('tasks.filter.clear')}
        </button>
      )}
    </div>
  )
}

function option(value: string, said: string) {
  const letters = [...said]
  return (
    <option key={value} value={value}>
      {letters.length > LONGEST_CHOICE ? `${letters.slice(0, LONGEST_CHOICE).join('')}…` : said}
    </option>
  )
}

/** Returns each value once, with the one that is chosen already, also where nothing has it any more. */
function choices(values: readonly string[], chosen: string, fits: (value: string) => boolean = () => true): string[] {
  const all = new Set(values)
  if (chosen !== '') all.add(chosen)
  return [...all].filter(fits).sort().slice(0, MOST_CHOICES)
}

interface ChoiceProps {
  label: string
  value: string
  onChange: (value: string) => void
  children: ComponentChildren
}

function Choice({ label, value, onChange, children }: ChoiceProps) {
  return (
    <select aria-label={label} value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
      {children}
    </select>
  )
}

/** What is typed is looked for after a moment, and comes into the address then. */
function Words({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const input = useRef<HTMLInputElement>(null)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const latest = useRef(onChange)
  latest.current = onChange
  useEffect(() => {
    if (input.current && input.current !== document.activeElement) input.current.value = value
  }, [value])
  useEffect(() => () => clearTimeout(timer.current), [])
  return (
    <span class="words">
      <Icon of={Search} />
      <input
        ref={input}
        type="search"
        defaultValue={value}
        aria-label={t('tasks.filter.text')}
        placeholder={t('tasks.filter.text')}
        onInput={({ currentTarget }) => {
          clearTimeout(timer.current)
          timer.current = setTimeout(() => latest.current(currentTarget.value), PAUSE_MS)
        }}
      />
    </span>
  )
}
