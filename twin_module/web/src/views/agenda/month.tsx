/** A month as a grid of days (ARIA's grid pattern): one of them takes the focus, arrow keys go to the others. */

import type { ComponentChildren } from 'preact'
import { Link } from 'wouter-preact'
import { clean } from '../../parts/names'
import { places } from '../../places'
import { t } from '../../texts/texts'
import { queryOf } from './address'
import type { Day } from './days'
import { Bar } from './entries'
import { touching } from './entry'
import type { GridProps } from './grid'
import { inLanes, type DayLanes, type Piece } from './lanes'
import { dayNumber, fullDay, weekdayName } from './words'

/** So many bars a day has room for. */
const MOST_LANES = 4
const MOST_DOTS = 3

interface MonthProps extends GridProps {
  weeks: readonly (readonly Day[])[]
  /** Has no room for words: dots stand for entries, which are listed below. */
  narrow: boolean
}

export function Month({ weeks, narrow, ...grid }: MonthProps) {
  const { day: chosen, entries, label, hint, keys } = grid
  return (
    <div
      role="grid"
      aria-labelledby={label}
      aria-describedby={hint}
      class={`month ${narrow ? 'narrow' : ''}`}
      onKeyDown={keys}
    >
      <div role="row" class="weekdays">
        {weeks[0]?.map((day) => (
          <div key={day.slice(8)} role="columnheader" aria-label={weekdayName(day, 'long')}>
            {weekdayName(day, 'short')}
          </div>
        ))}
      </div>
      {weeks.map((week) => {
        const first = week[0]!
        const inWeek = touching(entries, first, week[6]!)
        return (
          <div key={first} role="row" class="week">
            {inLanes(inWeek, week, MOST_LANES).map((lanes) => (
              <Cell key={lanes.day} {...grid} lanes={lanes} narrow={narrow} other={!isIn(chosen, lanes.day)} />
            ))}
          </div>
        )
      })}
    </div>
  )
}

function isIn(month: Day, day: Day): boolean {
  return month.slice(0, 7) === day.slice(0, 7)
}

interface CellProps extends GridProps {
  lanes: DayLanes
  narrow: boolean
  /** Is of another month. */
  other: boolean
}

function Cell({ lanes: { day, lanes, more }, narrow, other, ...grid }: CellProps) {
  const count = lanes.filter((each) => each !== undefined).length + more
  return (
    <div
      role="gridcell"
      tabIndex={day === grid.day ? 0 : -1}
      class={`day ${other ? 'other' : ''}`}
      data-day={day}
      aria-selected={day === grid.day}
      aria-current={day === grid.today ? 'date' : undefined}
      onClick={({ target }) => target instanceof Element && target.closest('a, button') === null && grid.onPress(day)}
    >
      <DayHead day={day} count={count} room={grid.room} leads={!narrow}>
        {dayNumber(day)}
      </DayHead>
      {narrow ? (
        <span class="dots" aria-hidden="true">
          {Array.from({ length: Math.min(count, MOST_DOTS) }, (_, at) => (
            <i key={at} />
          ))}
        </span>
      ) : (
        <>
          <Lanes lanes={lanes} day={day} conflicts={grid.conflicts} onOpen={grid.onOpen} />
          {more > 0 && (
            <button type="button" class="quiet more" aria-haspopup="dialog" onClick={() => grid.onMore(day)}>
              {t('agenda.more', { count: more })}
              <span class="hidden-text"> {fullDay(day)}</span>
            </button>
          )}
        </>
      )}
    </div>
  )
}

interface DayHeadProps {
  day: Day
  /** How much is on it. */
  count: number
  room: string | undefined
  /** Leads to the day when it is pressed. */
  leads?: boolean
  children: ComponentChildren
}

/** What a day is called: short to see, in full to hear; the keyboard gets to the day by Enter. */
export function DayHead({ day, count, room, leads = true, children }: DayHeadProps) {
  return (
    <>
      <span class="hidden-text">{t('agenda.day', { day: fullDay(day), count })}</span>
      {leads ? (
        <Link
          href={`${places.agenda}${queryOf({ view: 'day', day, room })}`}
          class="number"
          tabIndex={-1}
          aria-hidden="true"
        >
          {children}
        </Link>
      ) : (
        <span class="number" aria-hidden="true">
          {children}
        </span>
      )}
    </>
  )
}

/** The bars of one day; a bar of several days is drawn by the first of them, and only named by the others. */
export function Lanes({ lanes, day, conflicts, onOpen }: Pick<DayLanes, 'lanes' | 'day'> & Pick<GridProps, 'conflicts' | 'onOpen'>) {
  if (lanes.length === 0) return null
  return (
    <ul class="lanes">
      {lanes.map((piece, at) =>
        piece === undefined ? (
          <li key={at} aria-hidden="true" />
        ) : (
          <li key={at}>
            {piece.span > 0 ? (
              <Bar entry={piece.entry} day={day} conflicts={conflicts} onOpen={onOpen} drawn={drawnAs(piece)} />
            ) : (
              <span class="hidden-text">{t('agenda.goes-on', { title: clean(piece.entry.title) })}</span>
            )}
          </li>
        ),
      )}
    </ul>
  )
}

function drawnAs({ entry, span, before, after }: Piece): string {
  // What takes only some time of one day is text with a dot, so that whole days stand out.
  const thin = !entry.wholeDay && entry.first === entry.last
  return `span-${span} ${before ? 'before' : ''} ${after ? 'after' : ''} ${thin ? 'thin' : ''}`
}
