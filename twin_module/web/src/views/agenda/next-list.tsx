/** What is going on or comes next, by day. */

import { useMemo } from 'preact/hooks'
import { CalendarDays } from 'lucide-preact'
import { Empty } from '../../parts/loading'
import { t } from '../../texts/texts'
import type { Day } from './days'
import type { Entry } from './entry'
import { NEXT } from './occurrence'
import { DaySection, type WeekListProps } from './week-list'

interface NextListProps extends Omit<WeekListProps, 'days'> {
  /** Whether there is more than is shown. */
  more: boolean
}

export function NextList({ entries, more, ...rest }: NextListProps) {
  const days = useMemo(() => byDay(entries, rest.today), [entries, rest.today])
  if (days.length === 0) {
    return rest.known ? (
      <Empty icon={CalendarDays}>
        <p>{t('agenda.coming.none')}</p>
      </Empty>
    ) : null
  }
  return (
    <div class="stack">
      {days.map(([day, some]) => (
        <DaySection key={day} day={day} entries={some} {...rest} />
      ))}
      {more && <p class="soft small">{t('agenda.coming.more', { count: NEXT })}</p>}
    </div>
  )
}

/** Returns entries by the day on which they begin, those that began before by today. */
function byDay(entries: readonly Entry[], today: Day): [Day, Entry[]][] {
  const days = new Map<Day, Entry[]>()
  for (const entry of entries) {
    const day = entry.first < today ? today : entry.first
    const there = days.get(day)
    if (there === undefined) days.set(day, [entry])
    else there.push(entry)
  }
  return [...days].sort(([a], [b]) => (a < b ? -1 : 1))
}
