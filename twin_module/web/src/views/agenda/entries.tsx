/** Entries as they are drawn: as a bar or block in the grid, and as a row of a list. */

import type { ComponentChildren, JSX } from 'preact'
import { CircleCheck, Circle, Repeat } from 'lucide-preact'
import { Link } from 'wouter-preact'
import { timeOfDay } from '../../dates'
import { useSome } from '../../parts/some'
import { Icon } from '../../parts/icons'
import { clean, hue, Text } from '../../parts/names'
import { places } from '../../places'
import { t } from '../../texts/texts'
import type { Day } from './days'
import { placesOf } from './details'
import type { Entry } from './entry'
import { whenOn } from './words'

export type Open = (entry: Entry) => void

interface EntryProps {
  entry: Entry
  day: Day
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
export function Bar({ entry, day, onOpen, drawn = '', style, block }: BarProps) {
  const time = timeIn(entry, day)
  const place = block === 'tall' && entry.event ? placesOf(entry.event.object.content)[0]?.name : undefined
  return (
    <Opener entry={entry} onOpen={onOpen} style={style} drawn={`bar ${block ? `block ${block}` : ''} ${drawn}`}>
      <span class="said">
        <Marks entry={entry} />
        {time !== '' && block === undefined && <span class="numbers time">{time} </span>}
        <Text of={entry.title} />
        {time !== '' && block !== undefined && <span class="numbers time"> {time}</span>}
        <span class="hidden-text">
          {' '}
          ({whenOn(entry, day)}
          {entry.event && entry.event.status !== 'confirmed' && `, ${t(`agenda.status.${entry.event.status}`)}`}
          {entry.event?.repeats && `, ${t('agenda.repeats')}`}
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
export function DayList({ entries, day, onOpen }: Omit<EntryProps, 'entry'> & { entries: readonly Entry[] }) {
  const [some, more] = useSome(entries, 50)
  return (
    <>
      <ul class="list day-list">
        {some.map((entry) => (
          <li key={entry.key}>
            <Row entry={entry} day={day} onOpen={onOpen} />
          </li>
        ))}
      </ul>
      {more}
    </>
  )
}

function Row({ entry, day, onOpen }: EntryProps) {
  const { event, task } = entry
  const place = event && placesOf(event.object.content)[0]?.name
  return (
    <Opener entry={entry} onOpen={onOpen} drawn="entry-row">
      <span class="soft small numbers when">{whenOn(entry, day)}</span>
      <span class="colour" aria-hidden="true" />
      <span class="grow">
        <span class="title">
          <Marks entry={entry} />
          <Text of={entry.title} />
        </span>
        {(place || task || event?.repeats || (event && event.status !== 'confirmed')) && (
          <span class="soft small more-about">
            {place && <Text of={place} />}
            {event && event.status !== 'confirmed' && <span>{t(`agenda.status.${event.status}`)}</span>}
            {event?.repeats && <span>{t('agenda.repeats')}</span>}
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
  const looks = `entry ${drawn} hue-${hue(object.room_id)} ${event?.status ?? (task?.open ? 'task' : 'task cancelled')}`
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

function Marks({ entry: { event, task } }: { entry: Entry }) {
  if (task) return <Icon of={task.open ? Circle : CircleCheck} />
  return event?.repeats ? <Icon of={Repeat} /> : null
}
