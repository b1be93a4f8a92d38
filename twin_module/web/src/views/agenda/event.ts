/** An event as its readers see it, read from an object: JSCalendar's Event (RFC 8984, section 2.1). Pure. */

import { instant } from '../../dates'
import { keyOf } from '../../twin/shelf'
import type { Content, Json, TwinObject } from '../../twin/types'
import { isMap } from '../objects/schema'
import { dayOf, isDay, plusDays, startOf, type Day } from './days'
import { durationOf } from './duration'
import type { Occurrence } from './occurrence'

export const CAPABILITY = 'agenda'
export const STATUSES = ['confirmed', 'tentative', 'cancelled'] as const
export type Status = (typeof STATUSES)[number]

export interface CalendarEvent {
  /** Of the object, and of the one time of a series. */
  key: string
  object: TwinObject
  /** As it is that time, with what people answered. */
  content: Content
  /** Which time of a series it is; undefined where it does not come again, or where that is not known yet. */
  recurrenceId: string | undefined
  /** What the owner answered; undefined where nobody asks them. */
  answer: string | undefined
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

/** Reads an event as it is the first or only time; one that begins on no day of the calendar is none. */
export function eventOf(object: TwinObject): CalendarEvent | undefined {
  const known = read.get(object) ?? fresh(object) ?? 'none'
  read.set(object, known)
  return known === 'none' ? undefined : known
}

function fresh(object: TwinObject): CalendarEvent | undefined {
  const { content } = object
  const when = whenOf(content)
  if (when === undefined) return undefined
  return {
    key: keyOf(object),
    object,
    content,
    recurrenceId: undefined,
    answer: undefined,
    title: object.title,
    ...when,
    status: statusOf(content),
    repeats: isSeries(content),
  }
}

/** Tells whether something comes again. */
export function isSeries(content: Content): boolean {
  return isSaid(content.recurrenceRules) || isSaid(content.recurrenceOverrides)
}

/** Returns an event as the twin says that it is, one time of a series or the only one. */
export function eventAt(object: TwinObject, occurrence: Occurrence): CalendarEvent | undefined {
  const known = placed.get(occurrence)
  if (known?.object === object) return known
  const made = isSeries(object.content) ? oneOf(object, occurrence) : only(object, occurrence)
  if (made !== undefined) placed.set(occurrence, made)
  return made
}

const placed = new WeakMap<Occurrence, CalendarEvent>()

/** What does not come again is as the shelf has it, where what was changed here shows at once. */
function only(object: TwinObject, occurrence: Occurrence): CalendarEvent | undefined {
  const event = eventOf(object)
  if (event === undefined) return undefined
  const participants = answered(object.content.participants, occurrence.content.participants)
  const content = participants === undefined ? object.content : { ...object.content, participants }
  return { ...event, content, answer: occurrence.answer }
}

function oneOf(object: TwinObject, occurrence: Occurrence): CalendarEvent {
  const { content, recurrence_id } = occurrence
  const [start, end] = [Date.parse(occurrence.start), Date.parse(occurrence.end)]
  const wholeDay = content.showWithoutTime === true
  const zone = zoneOf(content)
  const first = occurrence.local_start.slice(0, 10)
  const last = dayOf(new Date(Math.max(start, end - 1)))
  return {
    key: `${keyOf(object)}\n${recurrence_id ?? ''}`,
    object,
    content,
    recurrenceId: recurrence_id,
    answer: occurrence.answer,
    title: typeof content.title === 'string' ? content.title : object.title,
    wholeDay,
    start,
    end,
    first,
    last: wholeDay ? plusDays(occurrence.local_end.slice(0, 10), -1) : last,
    zone: wholeDay ? undefined : zone,
    zoneKnown: wholeDay || isKnown(zone),
    status: statusOf(content),
    repeats: true,
  }
}

/** Returns participants with what they answered, as far as that is known. */
function answered(stored: Json | undefined, told: Json | undefined): Json | undefined {
  if (!isMap(stored) || !isMap(told)) return stored
  return Object.fromEntries(
    Object.entries(stored).map(([id, person]) => {
      const said = told[id]
      if (!isMap(person) || !isMap(said)) return [id, person]
      const { participationStatus, participationComment } = said
      return [
        id,
        {
          ...person,
          ...(participationStatus === undefined ? {} : { participationStatus }),
          ...(participationComment === undefined ? {} : { participationComment }),
        },
      ]
    }),
  )
}

type When = Pick<CalendarEvent, 'wholeDay' | 'start' | 'end' | 'first' | 'last' | 'zone' | 'zoneKnown'>

function whenOf(content: Content): When | undefined {
  const written = typeof content.start === 'string' ? content.start : ''
  const [day, time] = [written.slice(0, 10), written.slice(10)]
  if (!isDay(day) || !TIME.test(time)) return undefined
  return content.showWithoutTime === true ? daysOf(day, content) : timesOf(day, time, content)
}

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
  const zone = zoneOf(content)
  const known = isKnown(zone)
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

function zoneOf(content: Content): string | undefined {
  return typeof content.timeZone === 'string' && content.timeZone !== '' ? content.timeZone : undefined
}

function isKnown(zone: string | undefined): boolean {
  return instant('2000-01-01T00:00:00', zone) !== undefined
}

function statusOf(content: Content): Status {
  return STATUSES.find((each) => each === content.status) ?? 'confirmed'
}

function isSaid(value: Json | undefined): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0
}
