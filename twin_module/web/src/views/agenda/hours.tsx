/** Days beside each other with their hours: a week, or one day. */

import type { JSX } from 'preact'
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import { t } from '../../texts/texts'
import { inColumns, minuteOf, type Blocks } from './columns'
import { dayOf, type Day } from './days'
import { Bar, type Open } from './entries'
import { isAboveHours, touching, type Entry } from './entry'
import type { GridProps } from './grid'
import { inLanes } from './lanes'
import { DayHead, Lanes } from './month'
import { dayNumber, fullDay, hourName, weekdayName } from './words'

const HOURS = Array.from({ length: 24 }, (_, hour) => hour)
const MOST_LANES = 4
/** So many stand side by side. */
const MOST_COLUMNS = { week: 3, day: 8 }
const MORNING_MINUTES = 7 * 60
const MARGIN_MINUTES = 15
/** What is pressed between the hours begins at the half hour before. */
const STEP_MINUTES = 30
/** From here on there is room for more than one line. */
const TALL_MINUTES = 60

interface HoursProps extends GridProps {
  days: readonly Day[]
  now: Date
}

export function Hours({ days, now, ...grid }: HoursProps) {
  const { entries } = grid
  const [first, last] = [days[0]!, days[days.length - 1]!]
  const most = days.length > 1 ? MOST_COLUMNS.week : MOST_COLUMNS.day
  const columns = useMemo(() => {
    const above = inLanes(touching(entries.filter(isAboveHours), first, last), days, MOST_LANES)
    const timed = entries.filter((each) => !isAboveHours(each))
    return above.map((lanes) => ({ ...lanes, blocks: inColumns(touching(timed, lanes.day, lanes.day), lanes.day, most) }))
  }, [entries, first, last, most])
  return (
    <div class={`hours days-${days.length}`}>
      <div role="grid" aria-labelledby={grid.label} aria-describedby={grid.hint} class="heads" onKeyDown={grid.keys}>
        <div role="row" class="columns">
          {columns.map(({ day, lanes, more, blocks }) => {
            const left = more + blocks.more.length
            const shown = lanes.filter((each) => each !== undefined).length + blocks.shown.length
            return (
              <div
                key={day}
                role="gridcell"
                tabIndex={day === grid.day ? 0 : -1}
                class="day"
                data-day={day}
                aria-selected={day === grid.day}
                aria-current={day === grid.today ? 'date' : undefined}
                onClick={({ target }) =>
                  target instanceof Element && target.closest('a, button') === null && grid.onPress(day)
                }
              >
                <DayHead day={day} count={shown + left} room={grid.room}>
                  <span class="soft small">{weekdayName(day, 'short')}</span> <b>{dayNumber(day)}</b>
                </DayHead>
                <Lanes lanes={lanes} day={day} conflicts={grid.conflicts} onOpen={grid.onOpen} />
                {left > 0 && (
                  <button type="button" class="quiet more" aria-haspopup="dialog" onClick={() => grid.onMore(day)}>
                    {t('agenda.more', { count: left })}
                    <span class="hidden-text"> {fullDay(day)}</span>
                  </button>
                )}
              </div>
            )
          })}
        </div>
      </div>
      <Scroller days={days} earliest={earliest(columns)}>
        <ol class="clock small soft numbers" aria-hidden="true">
          {HOURS.map((hour) => (
            <li key={hour}>{hour > 0 && hourName(hour)}</li>
          ))}
        </ol>
        <div class="columns">
          {columns.map(({ day, blocks }) => (
            <Column
              key={day}
              day={day}
              blocks={blocks}
              now={now}
              conflicts={grid.conflicts}
              onOpen={grid.onOpen}
              onPress={grid.onPress}
            />
          ))}
        </div>
      </Scroller>
    </div>
  )
}

/** Returns the first minute at which something begins on these days, but no later than in the morning. */
function earliest(columns: readonly { blocks: Blocks }[]): number {
  const starts = columns.flatMap(({ blocks }) => blocks.shown.filter(({ from }) => from > 0).map(({ from }) => from))
  return Math.min(MORNING_MINUTES, ...starts)
}

/** All hours, of which the morning is seen at first. */
function Scroller({ days, earliest, children }: { days: readonly Day[]; earliest: number; children: JSX.Element[] }) {
  const box = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    if (box.current) box.current.scrollTop = (box.current.scrollHeight * (earliest - MARGIN_MINUTES)) / (24 * 60)
  }, [days[0]])
  return (
    <div ref={box} class="by-hour" role="group" aria-label={t('agenda.hours')} tabIndex={0}>
      {children}
    </div>
  )
}

interface ColumnProps {
  day: Day
  blocks: Blocks
  now: Date
  conflicts: ReadonlySet<string>
  onOpen: Open
  onPress: GridProps['onPress']
}

function Column({ day, blocks, now, conflicts, onOpen, onPress }: ColumnProps) {
  const press = (event: JSX.TargetedMouseEvent<HTMLDivElement>): void => {
    if (event.target instanceof Element && event.target.closest('a, button') !== null) return
    const { top, height } = event.currentTarget.getBoundingClientRect()
    const minute = ((event.clientY - top) / height) * 24 * 60
    onPress(day, Math.floor(minute / STEP_MINUTES) * STEP_MINUTES)
  }
  return (
    <div class="day-hours" data-hours={day} onClick={press}>
      {blocks.shown.length > 0 && (
        <ul aria-label={fullDay(day)}>
          {blocks.shown.map(({ entry, from, to, column, columns }) => (
            <li key={entry.key}>
              <Bar
                entry={entry}
                day={day}
                conflicts={conflicts}
                onOpen={onOpen}
                block={to - from >= TALL_MINUTES ? 'tall' : 'low'}
                drawn={continues(entry, day)}
                style={{ '--from': from, '--to': to, '--column': column, '--columns': columns }}
              />
            </li>
          ))}
        </ul>
      )}
      {day === dayOf(now) && <div class="now" aria-hidden="true" style={{ '--from': minuteOf(now) }} />}
    </div>
  )
}

function continues(entry: Entry, day: Day): string {
  return `${entry.first < day ? 'before' : ''} ${entry.last > day ? 'after' : ''}`
}
