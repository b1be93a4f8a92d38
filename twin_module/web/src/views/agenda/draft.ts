/** What is filled in for an event, and what is written of it. Pure. */

import { instant, localDateTime, localDateTimeIn } from '../../dates'
import type { Content, Json } from '../../twin/types'
import { dayOf, daysFrom, plusDays, type Day } from './days'
import { descriptionOf, placesOf } from './details'
import { writtenDays, writtenTime } from './duration'
import type { CalendarEvent } from './event'

export interface Times {
  wholeDay: boolean
  startDay: Day
  /** "10:00", where the person is. */
  startTime: string
  /** The last day that it touches. */
  endDay: Day
  endTime: string
}

export interface Draft {
  title: string
  place: string
  description: string
}

const HOUR_MINUTES = 60
const MORNING_MINUTES = 9 * HOUR_MINUTES
const LATEST_START_MINUTES = 23 * HOUR_MINUTES

/** Returns the times of a new event: an hour, the next one if it is for today, or from the minute of the day given. */
export function newTimes(day: Day, now: Date, minute?: number): Times {
  const next = (now.getHours() + 1) * HOUR_MINUTES
  const from = minute ?? (day === dayOf(now) ? Math.min(next, LATEST_START_MINUTES) : MORNING_MINUTES)
  const to = from + HOUR_MINUTES
  return {
    wholeDay: false,
    startDay: day,
    startTime: clock(from),
    endDay: to < 24 * HOUR_MINUTES ? day : plusDays(day, 1),
    endTime: clock(to % (24 * HOUR_MINUTES)),
  }
}

export function timesOf(event: CalendarEvent): Times {
  if (event.wholeDay) {
    const morning = { startTime: clock(MORNING_MINUTES), endTime: clock(MORNING_MINUTES + HOUR_MINUTES) }
    return { wholeDay: true, startDay: event.first, endDay: event.last, ...morning }
  }
  const [start, end] = [localDateTime(new Date(event.start)), localDateTime(new Date(event.end))]
  return {
    wholeDay: false,
    startDay: start.slice(0, 10),
    startTime: start.slice(11, 16),
    endDay: end.slice(0, 10),
    endTime: end.slice(11, 16),
  }
}

export function draftOf({ content, title }: { content: Content; title: string }): Draft {
  return { title, place: placesOf(content)[0]?.name ?? '', description: descriptionOf(content) }
}

/** Returns how long something lasts by what is filled in, in milliseconds; less than nothing does not fit. */
export function lasting(times: Times): number {
  if (times.wholeDay) return daysFrom(times.startDay, times.endDay)
  return at(times.endDay, times.endTime) - at(times.startDay, times.startTime)
}

/** Returns the times with another start; the end moves along with it. */
export function movedTo(times: Times, start: Partial<Pick<Times, 'startDay' | 'startTime'>>): Times {
  const moved = { ...times, ...start }
  const length = lasting(times)
  if (moved.startDay === '' || moved.startTime === '' || length < 0 || Number.isNaN(length)) return moved
  if (times.wholeDay) return { ...moved, endDay: plusDays(moved.startDay, length) }
  const end = localDateTime(new Date(at(moved.startDay, moved.startTime) + length))
  return { ...moved, endDay: end.slice(0, 10), endTime: end.slice(11, 16) }
}

/**
 * Returns the fields of an event's times.
 *
 * Days without times are the same days wherever one is, so they have no zone. Times are written in the zone that the
 * event has: something that repeats keeps its hour there. `zone` is null where it has none on purpose.
 */
export function timeFields(times: Times, zone: string | null): Content {
  if (times.wholeDay) {
    return {
      start: `${times.startDay}T00:00:00`,
      duration: writtenDays(lasting(times) + 1),
      timeZone: null,
      showWithoutTime: true,
    }
  }
  const written = `${times.startDay}T${times.startTime.slice(0, 5)}:00`
  return {
    start: (zone && localDateTimeIn(instant(written, null)!, zone)) || written,
    duration: writtenTime(lasting(times)),
    timeZone: zone,
    showWithoutTime: null,
  }
}

/** The place that is filled in here has this name among those of a new event. */
const FIRST_PLACE = '1'

/** Returns the content of a new event; fields of nothing are left out. */
export function newEvent(draft: Draft, times: Times, zone: string): Content {
  const fields: Content = {
    '@type': 'Event',
    title: draft.title,
    ...timeFields(times, zone),
    description: draft.description || null,
    locations: draft.place === '' ? null : { [FIRST_PLACE]: { '@type': 'Location', name: draft.place } },
  }
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))
}

/** Returns the fields that differ from what an event was when its form opened, as a JSON Merge Patch. */
export function changed(event: CalendarEvent, draft: Draft, times: Times, here: string): Content {
  const { content } = event.object
  const before = draftOf(event.object)
  const fields: Content = {}
  if (draft.title !== before.title) fields.title = draft.title
  if (draft.description !== before.description) fields.description = draft.description || null
  if (draft.place !== before.place) {
    const id = placesOf(content)[0]?.id ?? freeName(content.locations)
    fields.locations = { [id]: draft.place === '' ? null : { '@type': 'Location', name: draft.place } }
  }
  const was = timesOf(event)
  const same = times.wholeDay === was.wholeDay && wanted(times) === wanted(was)
  if (same) return fields
  const zone = event.wholeDay ? here : (event.zone ?? null)
  for (const [name, value] of Object.entries(timeFields(times, zone))) {
    if (value !== (content[name] ?? null)) fields[name] = value
  }
  return fields
}

function wanted({ wholeDay, startDay, startTime, endDay, endTime }: Times): string {
  return wholeDay ? `${startDay} ${endDay}` : `${startDay} ${startTime} ${endDay} ${endTime}`
}

/** Returns a name under which no place stands yet. */
function freeName(places: Json | undefined): string {
  const taken = new Set(Object.keys(typeof places === 'object' && places !== null ? places : {}))
  let name = Number(FIRST_PLACE)
  while (taken.has(String(name))) name += 1
  return String(name)
}

function at(day: Day, time: string): number {
  return instant(`${day}T${time.slice(0, 5)}:00`, null)?.getTime() ?? NaN
}

function clock(minute: number): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${two(Math.floor(minute / HOUR_MINUTES))}:${two(minute % HOUR_MINUTES)}`
}
