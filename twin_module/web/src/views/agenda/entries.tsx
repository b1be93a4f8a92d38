/** Entries as they are drawn: as a bar or block in the grid, and as a row of a list. */

import type { ComponentChildren, JSX } from 'preact'
import { CircleCheck, Circle, Repeat, TriangleAlert } from 'lucide-preact'
import { Link } from 'wouter-preact'
import { timeOfDay } from '../../dates'
import { useSome } from '../../parts/some'
import { Icon } from '../../parts/icons'
import { clean, hue, Text } from '../../parts/names'
import { places } from '../../places'
import { t } from '../../texts/texts'
import { twin } from '../../twin/twin'
import type { Day } from './days'
import { isAsked, placesOf } from './details'
import type { Entry } from './entry'
import type { CalendarEvent } from './event'
import { whenOn } from './words'

export type Open = (entry: Entry) => void

interface EntryProps {
  entry: Entry
  day: Day
  /** The keys of entries that want the same time as another one. */
  conflicts: ReadonlySet<string>
  onOpen: Open
}

/** Begins the time where an entry begins; what takes whole days, or goes on from before, has none. */
function timeIn(entry: Entry, day: Day): string {
  return entry.wholeDay || entry.first !== day ? '' : timeOfDay(new Date(entry.start))
}

interface BarProps extends EntryProps {
  /** How it is drawn, beside its colour. */
  drawn?: string
  style?: JSX.CSSProperties
  /** Stands between the hours, with room for several lines or for one. */
  block?: 'tall' | 'low'
}

/** An entry in a grid: its time and its title, and the rest for those who do not see where it stands. */
export function Bar({ entry, day, conflicts, onOpen, drawn = '', style, block }: BarProps) {
  const time = timeIn(entry, day)
  const conflict = conflicts.has(entry.key)
  const place = block === 'tall' && entry.event ? placesOf(entry.event.content)[0]?.name : undefined
  return (
    <Opener entry={entry} onOpen={onOpen} style={style} drawn={`bar ${block ? `block ${block}` : ''} ${drawn}`}>
      <span class="said">
        <Marks entry={entry} conflict={conflict} />
        {time !== '' && block === undefined && <span class="numbers time">{time} </span>}
        <Text of={entry.title} />
        {time !== '' && block !== undefined && <span class="numbers time"> {time}</span>}
        <span class="hidden-text">
          {' '}
          ({whenOn(entry, day)}
          {entry.event && entry.event.status !== 'confirmed' && `, ${t(`agenda.status.${entry.event.status}`)}`}
          {entry.event?.repeats && `, ${t('agenda.repeats')}`}
          {waitsForAnswer(entry) && `, ${t('agenda.answer.needs-action-own')}`}
          {conflict && `, ${t('agenda.conflict')}`}
          {entry.task && `, ${t(entry.task.open ? 'agenda.task' : 'agenda.task-done')}`})
        </span>
        {place !== undefined && (
          <span class="place">
            <Text of={place} />
          </span>
        )}
      </span>
    </Opener>
  )
}

/** What is on a day, one below the other; many of them in parts. */
export function DayList({ entries, ...rest }: Omit<EntryProps, 'entry'> & { entries: readonly Entry[] }) {
  const [some, more] = useSome(entries, 50)
  return (
    <>
      <ul class="list day-list">
        {some.map((entry) => (
          <li key={entry.key}>
            <Row entry={entry} {...rest} />
          </li>
        ))}
      </ul>
      {more}
    </>
  )
}

function Row({ entry, day, conflicts, onOpen }: EntryProps) {
  const conflict = conflicts.has(entry.key)
  const asked = waitsForAnswer(entry)
  const { event, task } = entry
  const place = event && placesOf(event.content)[0]?.name
  return (
    <Opener entry={entry} onOpen={onOpen} drawn="entry-row">
      <span class="soft small numbers when">{whenOn(entry, day)}</span>
      <span class="colour" aria-hidden="true" />
      <span class="grow">
        <span class="title">
          <Marks entry={entry} conflict={conflict} />
          <Text of={entry.title} />
        </span>
        {(place || task || asked || conflict || event?.repeats || (event && event.status !== 'confirmed')) && (
          <span class="soft small more-about">
            {place && <Text of={place} />}
            {event && event.status !== 'confirmed' && <span>{t(`agenda.status.${event.status}`)}</span>}
            {event?.repeats && <span>{t('agenda.repeats')}</span>}
            {asked && <span>{t('agenda.answer.needs-action-own')}</span>}
            {conflict && <span>{t('agenda.conflict')}</span>}
            {task && <span>{t(task.open ? 'agenda.task' : 'agenda.task-done')}</span>}
          </span>
        )}
      </span>
    </Opener>
  )
}

/** Events open as a dialog; tasks have a page of their own. */
function Opener({
  entry,
  onOpen,
  drawn,
  style,
  children,
}: {
  entry: Entry
  onOpen: Open
  drawn: string
  style?: JSX.CSSProperties | undefined
  children: ComponentChildren
}) {
  const { event, task } = entry
  const { object } = entry.event ?? entry.task
  const state = event ? looksOf(event) : task?.open ? 'task' : 'task cancelled'
  const looks = `entry ${drawn} hue-${hue(object.room_id)} ${state}`
  // A style that is set by script is no inline style to the page's policy.
  const drawnBy = style && { style }
  if (task !== undefined) {
    return (
      <Link href={places.object(object)} class={looks} {...drawnBy} title={clean(entry.title)}>
        {children}
      </Link>
    )
  }
  return (
    <button
      type="button"
      class={looks}
      {...drawnBy}
      title={clean(entry.title)}
      aria-haspopup="dialog"
      data-event={entry.key}
      onClick={() => onOpen(entry)}
    >
      {children}
    </button>
  )
}

/** What is not certain, or was not answered yet, looks alike; what one declined is as good as cancelled. */
function looksOf({ status, answer }: CalendarEvent): string {
  if (status === 'cancelled' || answer === 'declined') return 'cancelled'
  return status === 'tentative' || answer === 'tentative' || answer === 'needs-action' ? 'tentative' : status
}

function Marks({ entry: { event, task }, conflict }: { entry: Entry; conflict: boolean }) {
  if (task) return <Icon of={task.open ? Circle : CircleCheck} />
  return (
    <>
      {conflict && <Icon of={TriangleAlert} />}
      {event?.repeats && <Icon of={Repeat} />}
    </>
  )
}

/** Tells whether the owner is invited and has not answered. */
function waitsForAnswer({ event }: Entry): boolean {
  return event?.answer === 'needs-action' && event.status !== 'cancelled' && isAsked(event.content, twin.owner.value)
}
