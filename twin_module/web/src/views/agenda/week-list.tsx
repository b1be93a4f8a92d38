/** A week as a list by day, where there is no room for hours beside each other. */

import { Plus } from 'lucide-preact'
import { Link } from 'wouter-preact'
import { Icon } from '../../parts/icons'
import { places } from '../../places'
import { t } from '../../texts/texts'
import { queryOf } from './address'
import type { Day } from './days'
import { DayList, type Open } from './entries'
import { touching, type Entry } from './entry'
import { fullDay } from './words'

export interface WeekListProps {
  days: readonly Day[]
  entries: readonly Entry[]
  /** Whether the twin has answered: before that, nobody knows that there is nothing. */
  known: boolean
  today: Day
  /** Only what is in this room is shown. */
  room: string | undefined
  conflicts: ReadonlySet<string>
  onOpen: Open
  /** Makes something on a day; absent for who can't. */
  onMake: ((day: Day) => void) | undefined
}

export function WeekList({ days, ...rest }: WeekListProps) {
  return (
    <div class="stack">
      {days.map((day) => (
        <DaySection key={day} day={day} {...rest} />
      ))}
    </div>
  )
}

/** One day with all that is on it. */
export function DaySection({ day, entries, known, today, room, conflicts, onOpen, onMake }: Omit<WeekListProps, 'days'> & { day: Day }) {
  const inside = touching(entries, day, day)
  const heading = `day-${day}`
  return (
    <section class="card day-section" aria-labelledby={heading} aria-current={day === today ? 'date' : undefined}>
      <header>
        <h3 id={heading}>
          <Link href={`${places.agenda}${queryOf({ view: 'day', day, room })}`} class="plain">
            {fullDay(day)}
          </Link>
        </h3>
        {onMake && (
          <button
            type="button"
            class="quiet icon-only no-print"
            aria-label={t('agenda.new-on', { day: fullDay(day) })}
            onClick={() => onMake(day)}
          >
            <Icon of={Plus} />
          </button>
        )}
      </header>
      {inside.length > 0 ? (
        <DayList entries={inside} day={day} conflicts={conflicts} onOpen={onOpen} />
      ) : (
        known && <p class="soft small">{t('agenda.nothing')}</p>
      )}
    </section>
  )
}
