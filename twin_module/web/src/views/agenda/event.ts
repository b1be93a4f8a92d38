/** An event as its readers see it, read from an object: JSCalendar's Event (RFC 8984, section 2.1). Pure. */

import { instant } from '../../dates'
import { keyOf } from '../../twin/shelf'
import type { Content, Json, TwinObject } from '../../twin/types'
import { dayOf, isDay, plusDays, startOf, type Day } from './days'
import { durationOf } from './duration'

export const CAPABILITY = 'agenda'
export const STATUSES = ['confirmed', 'tentative', 'cancelled'] as const
export type Status = (typeof STATUSES)[number]

export interface CalendarEvent {
  key: string
  object: TwinObject
  title: string
  /** Only its days matter; they are the same days wherever one is. */
  wholeDay: boolean
  /** Milliseconds since 1970; of days without times, where the first begins and the last ends where the reader is. */
  start: number
  end: number
  /** The days that it touches where the reader is. */
  first: Day
  last: Day
  /** The zone in which its times were written, if there is one. */
  zone: string | undefined
  /** Whether this browser knows the zone; if not, clocks there are shown as if they stood here. */
  zoneKnown: boolean
  status: Status
  repeats: boolean
}

const DAY_MS = 86_400_000
const TIME = /^T([01]\d|2[0-3])(:[0-5]\d){2}$/

/** The same object is the same event, so that thousands of them are read once and not at every change of one. */
const read = new WeakMap<TwinObject, CalendarEvent | 'none'>()

/** Reads an event; one that begins on no day of the calendar is none. */
export function eventOf(object: TwinObject): CalendarEvent | undefined {
  const known = read.get(object) ?? fresh(object) ?? 'none'
  read.set(object, known)
  return known === 'none' ? undefined : known
}

function fresh(object: TwinObject): CalendarEvent | undefined {
  const { content } = object
  const written = typeof content.start === 'string' ? content.start : ''
  const [day, time] = [written.slice(0, 10), written.slice(10)]
  if (!isDay(day) || !TIME.test(time)) return undefined
  const when = content.showWithoutTime === true ? daysOf(day, content) : timesOf(day, time, content)
  return {
    key: keyOf(object),
    object,
    title: object.title,
    ...when,
    status: STATUSES.find((each) => each === content.status) ?? 'confirmed',
    repeats: isSaid(content.recurrenceRules) || isSaid(content.recurrenceOverrides),
  }
}

type When = Pick<CalendarEvent, 'wholeDay' | 'start' | 'end' | 'first' | 'last' | 'zone' | 'zoneKnown'>

function daysOf(first: Day, content: Content): When {
  const { days, ms } = durationOf(content.duration)
  const last = plusDays(first, Math.max(1, days + Math.ceil(ms / DAY_MS)) - 1)
  return {
    wholeDay: true,
    start: startOf(first).getTime(),
    end: startOf(plusDays(last, 1)).getTime(),
    first,
    last,
    zone: undefined,
    zoneKnown: true,
  }
}

function timesOf(day: Day, time: string, content: Content): When {
  const zone = typeof content.timeZone === 'string' && content.timeZone !== '' ? content.timeZone : undefined
  const known = instant(day + time, zone) !== undefined
  const at = (day: Day): number => instant(day + time, known ? zone : undefined)!.getTime()
  const { days, ms } = durationOf(content.duration)
  const start = at(day)
  const end = at(plusDays(day, days)) + ms
  return {
    wholeDay: false,
    start,
    end,
    first: dayOf(new Date(start)),
    // What ends at midnight does not touch the day after.
    last: dayOf(new Date(Math.max(start, end - 1))),
    zone,
    zoneKnown: known,
  }
}

function isSaid(value: Json | undefined): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0
}
