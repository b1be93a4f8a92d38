/** What is filled in for an event, and what is written of it. Pure. */

import { instant, localDateTime, localDateTimeIn, utcDateTime } from '../../dates'
import type { Content, Json } from '../../twin/types'
import { patch } from '../objects/draft'
import { isMap } from '../objects/schema'
import { alertFields, alertsOf, type Alert } from './alerts'
import { dayOf, daysFrom, plusDays, type Day } from './days'
import { descriptionOf, placesOf } from './details'
import { writtenDays, writtenTime } from './duration'
import type { CalendarEvent } from './event'
import { repeatFields, repeatOf, type Repeat } from './repeat'

export interface Times {
  wholeDay: boolean
  startDay: Day
  /** "10:00", in the zone. */
  startTime: string
  /** The last day that it touches. */
  endDay: Day
  endTime: string
  /** An IANA name; null for what has none, so that it is wherever one is. */
  zone: string | null
}

export interface Draft {
  title: string
  place: string
  description: string
  /** Whether it takes one's time. */
  busy: boolean
  alerts: readonly Alert[]
  repeat: Repeat
}

const HOUR_MINUTES = 60
const MORNING_MINUTES = 9 * HOUR_MINUTES
const LATEST_START_MINUTES = 23 * HOUR_MINUTES

export const NOTHING: Draft = { title: '', place: '', description: '', busy: true, alerts: [], repeat: 'never' }

/** Returns the times of a new event: an hour, the next one if it is for today, or from the minute of the day given. */
export function newTimes(day: Day, now: Date, zone: string, minute?: number): Times {
  const next = (now.getHours() + 1) * HOUR_MINUTES
  const from = minute ?? (day === dayOf(now) ? Math.min(next, LATEST_START_MINUTES) : MORNING_MINUTES)
  const to = from + HOUR_MINUTES
  return {
    wholeDay: false,
    startDay: day,
    startTime: clock(from),
    endDay: to < 24 * HOUR_MINUTES ? day : plusDays(day, 1),
    endTime: clock(to % (24 * HOUR_MINUTES)),
    zone,
  }
}

/** Returns the times of an event as clocks show them in its own zone; one that this browser does not know is as here. */
export function timesOf(event: CalendarEvent, here: string): Times {
  if (event.wholeDay) {
    const morning = { startTime: clock(MORNING_MINUTES), endTime: clock(MORNING_MINUTES + HOUR_MINUTES) }
    return { wholeDay: true, startDay: event.first, endDay: event.last, ...morning, zone: here }
  }
  return { ...spell(event.start, event.end, event.zoneKnown ? (event.zone ?? null) : null), zone: event.zone ?? null }
}

/** Returns times from one instant to another, as a zone's clocks show them. */
export function between(start: number, end: number, zone: string): Times {
  return { ...spell(start, end, zone), zone }
}

function spell(start: number, end: number, zone: string | null): Omit<Times, 'zone'> {
  const [from, to] = [wall(start, zone), wall(end, zone)]
  return {
    wholeDay: false,
    startDay: from.slice(0, 10),
    startTime: from.slice(11, 16),
    endDay: to.slice(0, 10),
    endTime: to.slice(11, 16),
  }
}

function wall(ms: number, zone: string | null): string {
  const date = new Date(ms)
  return (zone !== null && localDateTimeIn(date, zone)) || localDateTime(date)
}

export function draftOf({ content, title }: Pick<CalendarEvent, 'content' | 'title'>, series: Content = content): Draft {
  return {
    title,
    place: placesOf(content)[0]?.name ?? '',
    description: descriptionOf(content),
    busy: content.freeBusyStatus !== 'free',
    alerts: alertsOf(content),
    repeat: repeatOf(series),
  }
}

/** Returns how long something lasts by what is filled in, in milliseconds; less than nothing does not fit. */
export function lasting(times: Times): number {
  if (times.wholeDay) return daysFrom(times.startDay, times.endDay)
  return at(times.endDay, times.endTime, times.zone) - at(times.startDay, times.startTime, times.zone)
}

/** Returns the times with another start; the end moves along with it. */
export function movedTo(times: Times, start: Partial<Pick<Times, 'startDay' | 'startTime'>>): Times {
  const moved = { ...times, ...start }
  const length = lasting(times)
  if (moved.startDay === '' || moved.startTime === '' || length < 0 || Number.isNaN(length)) return moved
  if (times.wholeDay) return { ...moved, endDay: plusDays(moved.startDay, length) }
  const end = wall(at(moved.startDay, moved.startTime, times.zone) + length, known(times.zone))
  return { ...moved, endDay: end.slice(0, 10), endTime: end.slice(11, 16) }
}

/** Returns from when to when that is, where the person is; undefined for what is not filled in. */
export function instants(times: Times): [Date, Date] | undefined {
  const ends = [at(times.startDay, times.startTime, times.zone), at(times.endDay, times.endTime, times.zone)]
  return ends.some(Number.isNaN) ? undefined : [new Date(ends[0]!), new Date(ends[1]!)]
}

/**
 * Returns the fields of an event's times.
 *
 * Days without times are the same days wherever one is, so they have no zone. Times are written in the zone that the
 * event has: something that repeats keeps its hour there.
 */
export function timeFields(times: Times): Content {
  if (times.wholeDay) {
    return {
      start: `${times.startDay}T00:00:00`,
      duration: writtenDays(lasting(times) + 1),
      timeZone: null,
      showWithoutTime: true,
    }
  }
  return {
    // A time that clocks leave out is the one that they show instead.
    start: wall(at(times.startDay, times.startTime, times.zone), known(times.zone)),
    duration: writtenTime(lasting(times)),
    timeZone: times.zone,
    showWithoutTime: null,
  }
}

/** The place that is filled in here has this name among those of a new event. */
const FIRST_PLACE = '1'

/** Returns the content of a new event; fields of nothing are left out. */
export function newEvent(draft: Draft, times: Times, now: Date): Content {
  const fields: Content = {
    '@type': 'Event',
    title: draft.title,
    ...timeFields(times),
    description: draft.description || null,
    locations: draft.place === '' ? null : { [FIRST_PLACE]: { '@type': 'Location', name: draft.place } },
    ...busyFields({}, draft.busy, times.wholeDay),
    ...alertFields({}, draft.alerts),
    ...repeatFields({}, draft.repeat),
    sequence: 0,
    created: utcDateTime(now),
    updated: utcDateTime(now),
  }
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))
}

/** Whole days take one's time only where they say so. */
function busyFields(content: Content, busy: boolean, wholeDay: boolean): Content {
  const was = content.freeBusyStatus ?? null
  const wanted = busy ? (wholeDay ? 'busy' : null) : 'free'
  const same = was === wanted || (busy && was === 'busy')
  return same ? {} : { freeBusyStatus: wanted }
}

/**
 * Returns the fields that differ from what an event was when its form opened; null takes one away.
 *
 * `series` is the content of all of it, where only that may change how often it comes.
 */
export function changed(event: CalendarEvent, draft: Draft, times: Times, here: string, series?: Content): Content {
  const { content } = event
  const before = draftOf(event, series)
  const fields: Content = series === undefined ? {} : repeatFields(series, draft.repeat)
  if (draft.title !== before.title) fields.title = draft.title
  if (draft.description !== before.description) fields.description = draft.description || null
  if (draft.place !== before.place) fields.locations = placed(content, draft.place)
  if (draft.busy !== before.busy) Object.assign(fields, busyFields(content, draft.busy, times.wholeDay))
  Object.assign(fields, alertFields(content, draft.alerts))
  const was = timesOf(event, here)
  if (times.wholeDay === was.wholeDay && wanted(times) === wanted(was)) return fields
  for (const [name, value] of Object.entries(timeFields(times))) {
    if (value !== (content[name] ?? null)) fields[name] = value
  }
  return fields
}

function placed(content: Content, name: string): Json {
  const locations = isMap(content.locations) ? content.locations : {}
  const id = placesOf(content)[0]?.id ?? freeName(locations)
  const { [id]: old, ...others } = locations
  if (name === '') return Object.keys(others).length > 0 ? others : null
  return { ...others, [id]: { ...(isMap(old) ? old : {}), '@type': 'Location', name } }
}

/** Returns a change as a JSON Merge Patch, with what says that something of an event is new. */
export function patchOf(content: Content, fields: Content, now: Date): Content {
  const after = Object.fromEntries(Object.entries({ ...content, ...fields }).filter(([, value]) => value !== null))
  const asks = ['start', 'duration', 'timeZone', 'showWithoutTime', 'recurrenceRules', 'status']
  const again = asks.some((name) => Object.hasOwn(fields, name))
  const sequence = typeof content.sequence === 'number' ? content.sequence : 0
  return {
    ...patch(content, after),
    updated: utcDateTime(now),
    ...(again ? { sequence: sequence + 1 } : {}),
  }
}

function wanted({ wholeDay, startDay, startTime, endDay, endTime, zone }: Times): string {
  return wholeDay ? `${startDay} ${endDay}` : `${startDay} ${startTime} ${endDay} ${endTime} ${zone}`
}

/** Returns a name under which no place stands yet. */
function freeName(places: Content): string {
  let name = Number(FIRST_PLACE)
  while (Object.hasOwn(places, String(name))) name += 1
  return String(name)
}

function known(zone: string | null): string | null {
  return zone !== null && instant('2000-01-01T00:00:00', zone) !== undefined ? zone : null
}

function at(day: Day, time: string, zone: string | null): number {
  return instant(`${day}T${time.slice(0, 5)}:00`, known(zone))?.getTime() ?? NaN
}

function clock(minute: number): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${two(Math.floor(minute / HOUR_MINUTES))}:${two(minute % HOUR_MINUTES)}`
}
