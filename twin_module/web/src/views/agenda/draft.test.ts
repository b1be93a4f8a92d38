import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { patched } from '../../twin/outbox'
import type { Content, TwinObject } from '../../twin/types'
import { placesOf } from './details'
import { between, changed, draftOf, instants, lasting, movedTo, newEvent, newTimes, NOTHING, patchOf, timeFields, timesOf, type Times } from './draft'
import { eventOf, type CalendarEvent } from './event'

const BERLIN = 'Europe/Berlin'
const NOW = new Date('2026-11-18T09:20:00Z')

// Clocks go forward on 29 March 2026, and back on 25 October.
beforeAll(() => void vi.stubEnv('TZ', BERLIN))
afterAll(() => void vi.unstubAllEnvs())

function object(content: Content): TwinObject {
  const title = String(content.title ?? 'Lunch')
  const place = { room_id: '!r', capability: 'agenda', uid: title, type: 'event', etag: '$1', sender: '@a:a', updated: 0 }
  return { ...place, title, content: { '@type': 'Event', title, ...content } }
}

const event = (content: Content): CalendarEvent => eventOf(object(content))!
const draft = { ...NOTHING, title: 'Lunch' }

/** Returns the content of an event with other fields, as the twin has it after a change. */
const after = ({ content }: CalendarEvent, fields: Content): Content =>
  patched(content, patchOf(content, fields, NOW)) as Content

describe('making and changing', () => {
  test('a new event is an hour: the next one today, in the morning else', () => {
    const now = new Date(2026, 10, 18, 14, 20)
    expect(newTimes('2026-11-18', now, BERLIN)).toMatchObject({ startTime: '15:00', endTime: '16:00' })
    expect(newTimes('2026-11-19', now, BERLIN)).toMatchObject({ startTime: '09:00', endTime: '10:00' })
    expect(newTimes('2026-11-19', now, BERLIN, 23 * 60)).toMatchObject({ startTime: '23:00', endDay: '2026-11-20', endTime: '00:00' })
    expect(newTimes('2026-11-18', new Date(2026, 10, 18, 23, 30), BERLIN).startTime).toBe('23:00')
  })

  test('what is made is read as it was filled in', () => {
    const times = newTimes('2026-11-19', new Date(), BERLIN)
    const content = newEvent({ ...draft, place: 'Café' }, times, NOW)
    expect(content).toEqual({
      '@type': 'Event',
      title: 'Lunch',
      start: '2026-11-19T09:00:00',
      duration: 'PT1H',
      timeZone: 'Europe/Berlin',
      locations: { '1': { '@type': 'Location', name: 'Café' } },
      sequence: 0,
      created: '2026-11-18T09:20:00Z',
      updated: '2026-11-18T09:20:00Z',
    })
    expect(timesOf(event(content), BERLIN)).toEqual(times)
    expect(draftOf(event(content)).place).toBe('Café')
  })

  test('whole days have no zone, and as many days as they touch', () => {
    const times = { ...newTimes('2026-11-19', new Date(), BERLIN), wholeDay: true, endDay: '2026-11-21' }
    const content = newEvent({ ...draft, busy: false }, times, NOW)
    expect(content).toMatchObject({ start: '2026-11-19T00:00:00', duration: 'P3D', showWithoutTime: true })
    expect(content).not.toHaveProperty('timeZone')
    expect(timesOf(event(content), BERLIN)).toMatchObject({ wholeDay: true, startDay: '2026-11-19', endDay: '2026-11-21' })
  })

  test('how long it takes is counted, not read off the clock', () => {
    const night: Times = { zone: BERLIN, wholeDay: false, startDay: '2026-10-24', startTime: '22:00', endDay: '2026-10-25', endTime: '08:00' }
    expect(timeFields(night).duration).toBe('PT11H')
    expect(timesOf(event(newEvent(draft, night, NOW)), BERLIN)).toEqual(night)
    const leap = { ...night, startDay: '2026-03-29', startTime: '01:30', endDay: '2026-03-29', endTime: '03:30' }
    expect(timeFields(leap).duration).toBe('PT1H')
    // Clocks never show this; who fills it in means an hour later.
    expect(timeFields({ ...leap, startTime: '02:30' }).start).toBe('2026-03-29T03:30:00')
  })

  test('the end moves along with the start', () => {
    const times = newTimes('2026-11-19', new Date(), BERLIN)
    expect(movedTo(times, { startTime: '23:30' })).toMatchObject({ endDay: '2026-11-20', endTime: '00:30' })
    expect(movedTo(times, { startDay: '2026-12-01' })).toMatchObject({ endDay: '2026-12-01', endTime: '10:00' })
    expect(movedTo({ ...times, wholeDay: true, endDay: '2026-11-21' }, { startDay: '2026-12-01' }).endDay).toBe('2026-12-03')
    expect(movedTo(times, { startDay: '' }).endDay).toBe('2026-11-19')
    expect(lasting({ ...times, endTime: '08:00' })).toBeLessThan(0)
  })

  test('only what differs is sent, in the zone that the event has', () => {
    const there = event({ title: 'Call', start: '2026-11-19T10:00:00', duration: 'PT1H', timeZone: 'America/New_York', locations: { a: { name: 'Office', x: 1 } } })
    const [was, times] = [draftOf(there), timesOf(there, BERLIN)]
    expect(changed(there, was, times, BERLIN)).toEqual({})
    const later = movedTo(times, { startTime: '11:30' })
    expect(changed(there, was, later, BERLIN)).toEqual({ start: '2026-11-19T11:30:00' })
    const moved = after(there, changed(there, { ...was, place: 'Home' }, times, BERLIN))
    expect(moved).toMatchObject({ locations: { a: { name: 'Home', x: 1 } }, timeZone: 'America/New_York' })
    const whole = after(there, changed(there, was, { ...times, wholeDay: true }, BERLIN))
    expect(whole).not.toHaveProperty('timeZone')
    expect(event(whole)).toMatchObject({ wholeDay: true, first: '2026-11-19', last: '2026-11-19' })
  })

  test('what has no zone on purpose gets none', () => {
    const anywhere = event({ start: '2026-11-19T10:00:00', duration: 'PT1H', timeZone: null })
    const later = movedTo(timesOf(anywhere, BERLIN), { startTime: '11:00' })
    expect(changed(anywhere, draftOf(anywhere), later, BERLIN)).toEqual({ start: '2026-11-19T11:00:00' })
  })

  test('a place that is taken away takes no other with it', () => {
    const two = event({ start: '2026-11-19T10:00:00', locations: { a: { name: 'A' }, b: { name: 'B' } } })
    const fields = changed(two, { ...draftOf(two), place: '' }, timesOf(two, BERLIN), BERLIN)
    expect(placesOf(after(two, fields))).toEqual([{ id: 'b', name: 'B' }])
  })

  test('the zone that is chosen is the one in which the times are filled in', () => {
    const call = event({ start: '2026-11-19T20:00:00', duration: 'PT1H', timeZone: 'America/New_York' })
    const times = timesOf(call, BERLIN)
    expect(times).toMatchObject({ startDay: '2026-11-19', startTime: '20:00', zone: 'America/New_York' })
    expect(instants(times)?.[0]).toEqual(new Date('2026-11-20T01:00:00Z'))
    expect(changed(call, draftOf(call), { ...times, zone: BERLIN }, BERLIN)).toEqual({ timeZone: BERLIN })
    const picked = between(Date.parse('2026-11-20T14:00:00Z'), Date.parse('2026-11-20T14:30:00Z'), 'America/New_York')
    expect(timeFields(picked)).toMatchObject({ start: '2026-11-20T09:00:00', duration: 'PT30M', timeZone: 'America/New_York' })
  })

  test('a zone that no browser knows stays as it was written', () => {
    const moon = event({ start: '2026-11-19T10:00:00', duration: 'PT1H', timeZone: 'Moon/Crater' })
    const later = movedTo(timesOf(moon, BERLIN), { startTime: '11:00' })
    expect(changed(moon, draftOf(moon), later, BERLIN)).toEqual({ start: '2026-11-19T11:00:00' })
  })

  test('whole days take time only where they say so, what has hours unless it says not', () => {
    const times = newTimes('2026-11-19', new Date(), BERLIN)
    expect(newEvent(draft, times, NOW)).not.toHaveProperty('freeBusyStatus')
    expect(newEvent({ ...draft, busy: false }, times, NOW).freeBusyStatus).toBe('free')
    expect(newEvent(draft, { ...times, wholeDay: true }, NOW).freeBusyStatus).toBe('busy')
    const free = event({ start: '2026-11-19T10:00:00', freeBusyStatus: 'free' })
    expect(changed(free, { ...draftOf(free), busy: true }, timesOf(free, BERLIN), BERLIN)).toEqual({ freeBusyStatus: null })
  })

  test('a change is a merge patch that says that people have to look again, where they have to', () => {
    const content = { ...event({ start: '2026-11-19T10:00:00', duration: 'PT1H' }).content, sequence: 3, alerts: { a: { x: 1 } } }
    expect(patchOf(content, { start: '2026-11-19T11:00:00', alerts: null }, NOW)).toEqual({
      start: '2026-11-19T11:00:00',
      alerts: null,
      sequence: 4,
      updated: '2026-11-18T09:20:00Z',
    })
    expect(patchOf(content, { description: 'x' }, NOW)).not.toHaveProperty('sequence')
  })
})
