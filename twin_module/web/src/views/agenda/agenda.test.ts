import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { instant } from '../../dates'
import type { Content, TwinObject } from '../../twin/types'
import { taskOf } from '../tasks/task'
import { dayByKey, daysShown, queryOf, shownBy, turned } from './address'
import { inColumns, minutesOn } from './columns'
import { addressesOf, guestsOf, placesOf } from './details'
import { firstWeekday, isDay, monthOf, plusDays, plusMonths, weekOf } from './days'
import { durationOf, writtenTime } from './duration'
import { entryOfEvent, entryOfTask, isAboveHours, touching, type Entry } from './entry'
import { eventOf, type CalendarEvent } from './event'
import { inLanes } from './lanes'
import { eventsBetween, tasksBetween } from './range'

// Clocks go forward on 29 March 2026, and back on 25 October.
beforeAll(() => void vi.stubEnv('TZ', 'Europe/Berlin'))
afterAll(() => void vi.unstubAllEnvs())

function object(content: Content, capability = 'agenda'): TwinObject {
  const title = String(content.title ?? 'Lunch')
  const place = { room_id: '!r', capability, uid: title, type: 'event', etag: '$1', sender: '@a:a', updated: 0 }
  return { ...place, title, content: { '@type': 'Event', title, ...content } }
}

const event = (content: Content): CalendarEvent => eventOf(object(content))!
const entry = (title: string, start: string, duration: string, more: Content = {}): Entry =>
  entryOfEvent(event({ title, start, duration, ...more }))
const days = (title: string, start: string, count: number): Entry =>
  entry(title, `${start}T00:00:00`, `P${count}D`, { showWithoutTime: true })
const utc = (ms: number): string => new Date(ms).toISOString().slice(0, 16)

describe('days', () => {
  test.each(['2026-02-30', '2026-13-01', '26-1-1', '0026-01-01', '', 'today'])('%j is no day', (text) => {
    expect(isDay(text)).toBe(false)
  })

  test('there are leap days, and none too many', () => {
    expect([isDay('2028-02-29'), isDay('2026-02-29'), isDay('2100-02-29')]).toEqual([true, false, false])
  })

  test('no change of clocks makes a day come twice, or left out', () => {
    const march = Array.from({ length: 40 }, (_, at) => plusDays('2026-03-10', at))
    expect(new Set(march).size).toBe(40)
    expect(march[19]).toBe('2026-03-29')
    expect(plusDays('2026-10-24', 2)).toBe('2026-10-26')
  })

  test('another month has its last day where it has no such day', () => {
    expect(plusMonths('2026-01-31', 1)).toBe('2026-02-28')
    expect(plusMonths('2026-12-15', 1)).toBe('2027-01-15')
    expect(plusMonths('2026-01-31', -2)).toBe('2025-11-30')
  })

  test('behind the last day and before the first there is nothing', () => {
    expect(plusDays('9999-12-31', 1)).toBe('9999-12-31')
    expect(plusMonths('1900-01-05', -1)).toBe('1900-01-01')
    expect(monthOf('9999-12-20', 1).length).toBeLessThan(7)
  })

  test.each([
    ['en-US', 0],
    ['en-GB', 1],
    ['de', 1],
    ['ar-EG', 6],
    ['pt-BR', 0],
  ])('weeks begin as in %s, whether the browser tells or not', (tag, first) => {
    expect(firstWeekday(tag)).toBe(first)
    const none = { value: undefined }
    const silent = Object.defineProperties(new Intl.Locale(tag), { getWeekInfo: none, weekInfo: none })
    expect(firstWeekday(tag, silent)).toBe(first)
  })

  test('a month has whole weeks, and no more than it needs', () => {
    const november = monthOf('2026-11-18', 1)
    expect(november.map((week) => week[0])).toEqual(['2026-10-26', '2026-11-02', '2026-11-09', '2026-11-16', '2026-11-23', '2026-11-30'])
    expect(monthOf('2026-02-10', 0)).toHaveLength(4)
    expect(monthOf('2026-02-10', 1)).toHaveLength(5)
    expect(weekOf('2026-11-01', 1)[0]).toBe('2026-10-26')
    expect(weekOf('2026-11-01', 0)[0]).toBe('2026-11-01')
  })
})

describe('durations', () => {
  test.each([
    ['PT1H30M', 0, 5_400_000],
    ['P1W2DT3H', 9, 10_800_000],
    ['P1D', 1, 0],
    ['PT0S', 0, 0],
    ['-PT1H', 0, 0],
    ['long', 0, 0],
    [undefined, 0, 0],
    [`P${'9'.repeat(400)}D`, 0, 0],
  ])('%s', (text, days, ms) => expect(durationOf(text)).toEqual({ days, ms }))

  test('what is written is read as the same', () => {
    for (const minutes of [0, 5, 60, 90, 3000]) expect(durationOf(writtenTime(minutes * 60_000)).ms).toBe(minutes * 60_000)
  })
})

describe('reading an event', () => {
  test('a time in another zone may be on another day here', () => {
    const read = event({ start: '2026-12-24T20:00:00', timeZone: 'America/New_York', duration: 'PT2H' })
    expect([utc(read.start), utc(read.end)]).toEqual(['2026-12-25T01:00', '2026-12-25T03:00'])
    expect([read.first, read.last, read.wholeDay]).toEqual(['2026-12-25', '2026-12-25', false])
  })

  test('days without times are the same days in any zone', () => {
    const read = event({ start: '2026-12-24T00:00:00', timeZone: 'Asia/Tokyo', showWithoutTime: true, duration: 'P3D' })
    expect([read.first, read.last, read.wholeDay]).toEqual(['2026-12-24', '2026-12-26', true])
    expect(read.zone).toBeUndefined()
    const short = event({ start: '2026-12-24T00:00:00', showWithoutTime: true })
    expect([short.first, short.last]).toEqual(['2026-12-24', '2026-12-24'])
  })

  test('what ends at midnight does not touch the next day', () => {
    expect(event({ start: '2026-12-24T22:00:00', duration: 'PT2H' }).last).toBe('2026-12-24')
    expect(event({ start: '2026-12-24T22:00:00', duration: 'PT3H' }).last).toBe('2026-12-25')
  })

  test('hours are exact and days follow the calendar when clocks change', () => {
    const night = { start: '2026-03-28T22:00:00', timeZone: 'Europe/Berlin' }
    expect(utc(event({ ...night, duration: 'PT12H' }).end)).toBe('2026-03-29T09:00')
    expect(utc(event({ ...night, duration: 'P1D' }).end)).toBe('2026-03-29T20:00')
    expect(utc(event({ ...night, duration: 'P1DT1H' }).end)).toBe('2026-03-29T21:00')
    const day = event({ start: '2026-10-25T00:00:00', showWithoutTime: true })
    expect(day.end - day.start).toBe(25 * 3_600_000)
  })

  test('in a zone that nobody knows, clocks are shown as they stand there', () => {
    const read = event({ start: '2026-12-24T20:00:00', timeZone: 'Moon/Crater', duration: 'PT1H' })
    expect([utc(read.start), read.zone, read.zoneKnown]).toEqual(['2026-12-24T19:00', 'Moon/Crater', false])
  })

  test.each(['2026-02-30T10:00:00', '2026-02-03', '2026-02-03T25:00:00', 'x', '', '0001-01-01T00:00:00'])('%j is no start', (start) => {
    expect(eventOf(object({ start }))).toBeUndefined()
  })

  test('what does not fit is not there, and nothing breaks', () => {
    const content: Content = {
      start: '2026-02-03T10:00:00',
      duration: 7,
      status: 'perhaps',
      locations: [1],
      virtualLocations: { a: 'x' },
      participants: { '@b:b': 1 },
      recurrenceRules: 'x',
    }
    expect(event(content)).toMatchObject({ status: 'confirmed', repeats: false })
    expect([placesOf(content), addressesOf(content)]).toEqual([[], []])
    expect(guestsOf(content)).toMatchObject([{ id: '@b:b', name: '', status: 'needs-action' }])
  })

  test('what repeats says so', () => {
    expect(event({ start: '2026-02-03T10:00:00', recurrenceRules: [{ frequency: 'weekly' }] }).repeats).toBe(true)
    expect(event({ start: '2026-02-03T10:00:00', recurrenceRules: [] }).repeats).toBe(false)
  })
})

describe('entries', () => {
  const due = (content: Content) => entryOfTask(taskOf(object({ '@type': 'Task', ...content }, 'tasks')))

  test('a task stands on the day on which it is due, one that never is on none', () => {
    expect(due({ due: '2026-12-24T23:00:00', timeZone: 'America/New_York' })?.first).toBe('2026-12-25')
    expect(due({ due: '2026-12-24T23:59:59', showWithoutTime: true })).toMatchObject({ first: '2026-12-24', wholeDay: true })
    expect(due({})).toBeUndefined()
  })

  test('what lasts over several days comes first, then whole days, then by time', () => {
    const all = [
      entry('late', '2026-12-24T18:00:00', 'PT1H'),
      entry('early', '2026-12-24T08:00:00', 'PT1H'),
      days('day', '2026-12-24', 1),
      days('trip', '2026-12-24', 3),
      days('before', '2026-12-20', 10),
      days('gone', '2026-12-20', 2),
    ]
    expect(touching(all, '2026-12-24', '2026-12-24').map(({ title }) => title)).toEqual(['before', 'trip', 'day', 'early', 'late'])
  })

  test('what lasts for a day or more stands above the hours', () => {
    expect(isAboveHours(entry('night', '2026-12-24T20:00:00', 'PT12H'))).toBe(false)
    expect(isAboveHours(entry('flight', '2026-12-24T20:00:00', 'PT30H'))).toBe(true)
    expect(isAboveHours(days('day', '2026-12-24', 1))).toBe(true)
  })
})

describe('lanes', () => {
  const week = weekOf('2026-11-18', 1)
  const drawn = (entries: Entry[], most = 3) =>
    inLanes(touching(entries, week[0]!, week[6]!), week, most).map(({ lanes, more }) =>
      [...lanes.map((each) => (each === undefined ? '-' : `${each.entry.title}${each.span}`)), ...(more > 0 ? [`+${more}`] : [])].join(' '),
    )

  test('a bar keeps its lane, and what is short fills the gaps', () => {
    const entries = [days('trip', '2026-11-17', 3), days('fair', '2026-11-18', 2), entry('a', '2026-11-19T10:00:00', 'PT1H'), entry('b', '2026-11-20T10:00:00', 'PT1H')]
    expect(drawn(entries)).toEqual(['', 'trip3', 'trip0 fair2', 'trip0 fair0 a1', 'b1', '', ''])
  })

  test('a bar goes as far as the row, and says that it goes on', () => {
    const [first] = inLanes([days('long', '2026-11-01', 60)], week, 3)
    expect(first?.lanes[0]).toMatchObject({ span: 7, before: true, after: true })
  })

  test('what finds no lane is counted on each of its days', () => {
    const entries = ['a', 'b', 'c', 'd'].map((title) => days(title, '2026-11-21', 2))
    expect(drawn(entries)).toEqual(['', '', '', '', '', 'a2 b2 +2', 'a0 b0 +2'])
  })

  test('the last lane holds an entry, or says how many more there are', () => {
    const entries = ['a', 'b', 'c', 'd'].map((title) => days(title, '2026-11-21', 1))
    expect(drawn(entries.slice(0, 3))[5]).toBe('a1 b1 c1')
    expect(drawn(entries)[5]).toBe('a1 b1 +2')
  })
})

describe('hours', () => {
  const at = (title: string, from: string, duration: string): Entry => entry(title, `2026-11-18T${from}:00`, duration)
  const drawn = (entries: Entry[], most = 4) =>
    inColumns(entries, '2026-11-18', most).shown.map(({ entry, column, columns }) => `${entry.title} ${column}/${columns}`)

  test('what overlaps stands side by side, what does not has all the room', () => {
    const entries = [at('a', '09:00', 'PT2H'), at('b', '10:00', 'PT2H'), at('c', '11:00', 'PT1H'), at('d', '12:00', 'PT1H')]
    expect(drawn(entries)).toEqual(['a 0/2', 'b 1/2', 'c 0/2', 'd 0/1'])
  })

  test('what takes no time is still drawn, and nothing is drawn over it', () => {
    expect(drawn([at('a', '09:00', 'PT0S'), at('b', '09:10', 'PT1H')])).toEqual(['a 0/2', 'b 1/2'])
    expect(minutesOn(at('late', '23:50', 'PT0S'), '2026-11-18')).toEqual({ from: 1410, to: 1440 })
  })

  test('what finds no column is left to be listed', () => {
    const { shown, more } = inColumns(Array.from({ length: 5000 }, (_, nr) => at(`e${nr}`, '09:00', 'PT1H')), '2026-11-18', 4)
    expect([shown.length, more.length]).toEqual([4, 4996])
  })

  test('a night is drawn to the end of one day and from the beginning of the next', () => {
    const night = at('night', '22:00', 'PT8H')
    expect(minutesOn(night, '2026-11-18')).toEqual({ from: 1320, to: 1440 })
    expect(minutesOn(night, '2026-11-19')).toEqual({ from: 0, to: 360 })
  })

  test('when clocks change, things stand where the clock on the wall says', () => {
    const over = entry('over', '2026-03-29T01:30:00', 'PT1H')
    expect(minutesOn(over, '2026-03-29')).toEqual({ from: 90, to: 210 })
    const back = entry('back', '2026-10-25T02:45:00', 'PT30M')
    const { from, to } = minutesOn(back, '2026-10-25')
    expect([from, to - from]).toEqual([165, 30])
  })
})

describe('the address', () => {
  const usual = { view: 'month', day: '2026-11-18' } as const

  test('what is shown stands in it, and comes back from it', () => {
    const shown = { view: 'week', day: '2026-12-24' } as const
    expect(queryOf(shown)).toBe('?view=week&date=2026-12-24')
    expect(shownBy(queryOf(shown), usual)).toEqual(shown)
  })

  test.each(['', 'view=year&date=2026-02-30', 'date=<b>'])('%j means what is usual', (query) => {
    expect(shownBy(query, usual)).toEqual(usual)
  })

  test('next is another month, week or day', () => {
    expect(turned({ view: 'month', day: '2026-01-31' }, 1)).toBe('2026-02-28')
    expect(turned({ view: 'week', day: '2026-01-31' }, -1)).toBe('2026-01-24')
    expect(turned({ view: 'day', day: '2026-01-31' }, 1)).toBe('2026-02-01')
    expect(daysShown({ view: 'day', day: '2026-01-31' }, 1)).toEqual([['2026-01-31']])
  })

  test('keys go through the days, the other way round where one reads leftwards', () => {
    const to = (key: string, forward = 1) => dayByKey(key, '2026-11-18', 1, forward)
    expect(['ArrowRight', 'ArrowLeft', 'ArrowDown', 'ArrowUp'].map((key) => to(key)?.slice(8))).toEqual(['19', '17', '25', '11'])
    expect(['ArrowRight', 'ArrowLeft'].map((key) => to(key, -1)?.slice(8))).toEqual(['17', '19'])
    expect(['Home', 'End', 'PageDown', 'PageUp'].map((key) => to(key)?.slice(5))).toEqual(['11-16', '11-22', '12-18', '10-18'])
    expect(to('x')).toBeUndefined()
  })
})

describe('what is asked for', () => {
  const seconds = (utc: string): number => Date.parse(utc) / 1000

  test('what may touch the days, by when it begins first and ends last', () => {
    // In Berlin the week goes from Sunday, 23:00 UTC, to Sunday, 23:00 UTC.
    expect(eventsBetween('2026-11-16', '2026-11-22')).toEqual({
      'first.lte': seconds('2026-11-22T23:00:00Z'),
      'last.gte': seconds('2026-11-15T23:00:00Z'),
    })
  })

  test('before 1970 all that began by then is asked for', () => {
    expect(eventsBetween('1950-01-01', '1950-01-31')).toEqual({ 'first.lte': 0 })
  })

  test('tasks are asked for with all zones around the days', () => {
    expect(tasksBetween('2026-11-16', '2026-11-22')).toMatchObject({ 'due.gte': '2026-11-14T22:00:00' })
  })
})

test('five thousand events in another time zone are laid out within a blink', () => {
  const objects = Array.from({ length: 5000 }, (_, at) =>
    object({ title: `E${at}`, start: `2026-11-${String(1 + (at % 28)).padStart(2, '0')}T10:00:00`, duration: 'PT1H', timeZone: 'Asia/Tokyo' }),
  )
  const start = performance.now()
  const entries = objects.map((each) => entryOfEvent(eventOf(each)!))
  for (const week of monthOf('2026-11-18', 1)) inLanes(touching(entries, week[0]!, week[6]!), week, 3)
  inColumns(touching(entries, '2026-11-18', '2026-11-18'), '2026-11-18', 4)
  expect(performance.now() - start).toBeLessThan(2000)
  expect(instant('2026-11-18T10:00:00', 'Asia/Tokyo')).toEqual(new Date('2026-11-18T01:00:00Z'))
})
