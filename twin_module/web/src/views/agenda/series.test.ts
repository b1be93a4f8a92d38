import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Content, TwinObject } from '../../twin/types'
import { alertFields, alertsOf, dayBefore, leadOf, oneMore } from './alerts'
import { against, conflicting } from './conflicts'
import { guestsOf, isAsked } from './details'
import { draftOf, changed, timesOf } from './draft'
import { entriesOf, entryOfEvent, type Entry } from './entry'
import { eventAt, eventOf } from './event'
import type { Occurrence } from './occurrence'
import { repeatFields, repeatOf, written, type Rule } from './repeat'
import { scopesOf } from './scope'
import { byDay, question, unknown, USUAL } from './slots'

const BERLIN = 'Europe/Berlin'

beforeAll(() => void vi.stubEnv('TZ', BERLIN))
afterAll(() => void vi.unstubAllEnvs())

const WEEKLY = [{ '@type': 'RecurrenceRule', frequency: 'weekly' }]

function object(content: Content, etag = '$1'): TwinObject {
  const title = String(content.title ?? 'Choir')
  const place = { room_id: '!r', capability: 'agenda', uid: title, type: 'event', sender: '@a:a', updated: 0 }
  return { ...place, etag, title, content: { '@type': 'Event', title, start: '2026-11-19T18:00:00', timeZone: BERLIN, ...content } }
}

/** Returns one time of a series, in winter. */
function at(day: string, content: Content = {}, more: Partial<Occurrence> = {}): Occurrence {
  const said = { '@type': 'Event', title: 'Choir', start: `${day}T18:00:00`, duration: 'PT1H', timeZone: BERLIN, ...content }
  const times = { start: `${day}T17:00:00Z`, end: `${day}T18:00:00Z`, local_start: `${day}T18:00:00`, local_end: `${day}T19:00:00` }
  return { room_id: '!r', uid: 'Choir', recurrence_id: `${day}T18:00:00`, ...times, content: said, ...more }
}

describe('a series', () => {
  test('stands on each day on which it takes place, as it is that time', () => {
    const choir = object({ recurrenceRules: WEEKLY })
    const entries = entriesOf([choir], [at('2026-11-19'), at('2026-11-26', { title: 'Concert', status: 'cancelled' })])
    expect(entries.map(({ title, first }) => [title, first])).toEqual([
      ['Choir', '2026-11-19'],
      ['Concert', '2026-11-26'],
    ])
    expect(entries[1]!.event).toMatchObject({ status: 'cancelled', repeats: true, recurrenceId: '2026-11-26T18:00:00' })
    expect(new Set(entries.map(({ key }) => key)).size).toBe(2)
  })

  test('shows its first time while only this browser has it, and nothing that the twin does not say', () => {
    expect(entriesOf([object({ recurrenceRules: WEEKLY }, '')], []).map(({ first }) => first)).toEqual(['2026-11-19'])
    expect(entriesOf([object({ recurrenceRules: WEEKLY })], [])).toEqual([])
    expect(entriesOf([object({})], [])).toHaveLength(1)
  })

  test('what does not come again is as the page has it, with the answers that the twin tells', () => {
    const lunch = object({ participants: { '@b:b': { roles: { attendee: true } } }, description: 'new' })
    const told = at('2026-11-19', { description: 'old', participants: { '@b:b': { participationStatus: 'declined' } } })
    const { recurrence_id: _, ...once } = told
    const found = eventAt(lunch, { ...once, answer: 'accepted' })!
    expect(found.content).toMatchObject({ description: 'new' })
    expect(guestsOf(found.content)[0]).toMatchObject({ status: 'declined', attends: true })
    expect(found.answer).toBe('accepted')
  })

  test('whole days of it last as long as they do', () => {
    const trip = at('2026-11-20', { showWithoutTime: true }, { local_start: '2026-11-20T00:00:00', local_end: '2026-11-23T00:00:00' })
    expect(eventAt(object({ recurrenceRules: WEEKLY, showWithoutTime: true }), trip)).toMatchObject({
      wholeDay: true,
      first: '2026-11-20',
      last: '2026-11-22',
    })
  })

  test('what follows its first time is all of it', () => {
    const choir = object({ recurrenceRules: WEEKLY })
    expect(scopesOf(eventAt(choir, at('2026-11-19'))!)).toEqual(['this', 'all'])
    expect(scopesOf(eventAt(choir, at('2026-11-26'))!)).toEqual(['this', 'following', 'all'])
    expect(scopesOf(eventOf(object({}))!)).toEqual(['all'])
  })

  test('one time of it is changed by its own times, and has no say in how often it comes', () => {
    const choir = object({ recurrenceRules: WEEKLY })
    const second = eventAt(choir, at('2026-11-26'))!
    const times = { ...timesOf(second, BERLIN), startTime: '19:00', endTime: '20:00' }
    const draft = { ...draftOf(second, choir.content), repeat: 'never' as const }
    expect(changed(second, draft, times, BERLIN)).toEqual({ start: '2026-11-26T19:00:00' })
    expect(changed(second, draft, times, BERLIN, choir.content)).toMatchObject({ recurrenceRules: null })
  })
})

describe('how often', () => {
  const rule = (more: Partial<Rule>): Rule => ({ frequency: 'weekly', interval: 1, days: [], end: undefined, ...more })

  test.each<[Rule]>([
    [rule({})],
    [rule({ interval: 2, days: ['mo', 'we'] })],
    [rule({ frequency: 'monthly', end: { count: 5 } })],
    [rule({ frequency: 'yearly', end: { until: '2030-02-28' } })],
  ])('%j is read as it is written', (each) => {
    expect(repeatOf({ recurrenceRules: [written(each)] })).toEqual(each)
  })

  test.each<[Content]>([
    [{ recurrenceRules: [{ frequency: 'hourly' }] }],
    [{ recurrenceRules: [{ frequency: 'monthly', byDay: [{ day: 'mo', nthOfPeriod: 1 }] }] }],
    [{ recurrenceRules: [{ frequency: 'weekly', bySetPosition: [1] }] }],
    [{ recurrenceRules: [...WEEKLY, ...WEEKLY] }],
    [{ recurrenceRules: WEEKLY, excludedRecurrenceRules: WEEKLY }],
    [{ recurrenceRules: [{ frequency: 'weekly', count: 2, until: '2030-01-01T00:00:00' }] }],
    [{ recurrenceOverrides: { '2026-11-20T18:00:00': {} } }],
  ])('%j is more than the form shows, and is left as it is', (content) => {
    expect(repeatOf(content)).toBe('otherwise')
    expect(repeatFields(content, 'otherwise')).toEqual({})
  })

  test('what was different at one time goes with the rule that it was one of', () => {
    const overrides = { '2026-11-26T18:00:00': { title: 'Concert' }, '2026-12-10T18:00:00': { excluded: true } }
    const before = { recurrenceRules: WEEKLY, recurrenceOverrides: overrides }
    expect(repeatFields(before, rule({}))).toEqual({})
    expect(repeatFields(before, rule({ frequency: 'daily' }))).toMatchObject({ recurrenceOverrides: null })
    expect(repeatFields(before, 'never')).toEqual({ recurrenceRules: null, recurrenceOverrides: null })
    expect(repeatFields(before, rule({ end: { until: '2026-11-30' } }))).toMatchObject({
      recurrenceRules: [{ until: '2026-11-30T23:59:59' }],
      recurrenceOverrides: { '2026-11-26T18:00:00': { title: 'Concert' } },
    })
  })
})

describe('reminders', () => {
  const before = (offset: string): Content => ({ '@type': 'Alert', trigger: { '@type': 'OffsetTrigger', offset } })

  test('others than those from the start are kept as they are', () => {
    const alerts = { a: before('-PT15M'), b: { trigger: { when: '2026-01-01T00:00:00Z' } }, c: { trigger: { offset: 'PT0S', relativeTo: 'end' } } }
    const found = alertsOf({ alerts })
    expect(found.map(({ offset }) => offset)).toEqual(['-PT15M', undefined, undefined])
    expect(alertFields({ alerts }, found)).toEqual({})
    expect(alertFields({ alerts }, oneMore(found, '-P1D'))).toEqual({ alerts: { ...alerts, '1': before('-P1D') } })
    expect(alertFields({ alerts }, found.slice(1))).toEqual({ alerts: { b: alerts.b, c: alerts.c } })
    expect(alertFields({ alerts }, [])).toEqual({ alerts: null })
    expect(alertFields({}, [])).toEqual({})
  })

  test('they are said in the largest unit that fits', () => {
    expect(leadOf('-PT15M')).toEqual({ unit: 'minute', count: 15 })
    expect(leadOf('-PT90M')).toEqual({ unit: 'minute', count: 90 })
    expect(leadOf('-PT120M')).toEqual({ unit: 'hour', count: 2 })
    expect(leadOf('-P1DT24H')).toEqual({ unit: 'day', count: 2 })
    expect(leadOf('-P2W')).toEqual({ unit: 'week', count: 2 })
    expect(leadOf('PT0S')).toEqual({ unit: 'minute', count: 0 })
    expect(leadOf('PT5M')).toBeUndefined()
  })

  test('those of whole days are on a day, at an hour', () => {
    expect(dayBefore('PT9H')).toEqual({ days: 0, minute: 540 })
    expect(dayBefore('-PT6H')).toEqual({ days: 1, minute: 1080 })
    expect(dayBefore('-P1D')).toEqual({ days: 1, minute: 0 })
    expect(dayBefore('-P7D')).toEqual({ days: 7, minute: 0 })
  })
})

describe('what wants the same time', () => {
  const entry = (title: string, hour: string, more: Content = {}): Entry =>
    entryOfEvent(eventOf(object({ title, start: `2026-11-19T${hour}:00:00`, duration: 'PT1H', ...more }))!)
  const titles = (entries: readonly Entry[]): string[] => {
    const found = conflicting(entries)
    return entries.filter(({ key }) => found.has(key)).map(({ title }) => title)
  }

  test('overlaps; what only follows does not', () => {
    const [a, b, c] = [entry('A', '09', { duration: 'PT3H' }), entry('B', '10'), entry('C', '12')]
    expect(titles([c, b, a])).toEqual(['B', 'A'])
    expect(against(a, [a, b, c]).map(({ title }) => title)).toEqual(['B'])
    expect(against(c, [a, b, c])).toEqual([])
  })

  test('what is cancelled, free, declined, without length or a whole day takes no time', () => {
    const a = entry('A', '09')
    for (const more of [{ status: 'cancelled' }, { freeBusyStatus: 'free' }, { duration: 'PT0S' }, { showWithoutTime: true }]) {
      expect(titles([a, entry('B', '09', more)])).toEqual([])
    }
    const declined = entryOfEvent({ ...entry('B', '09').event!, answer: 'declined' })
    expect(titles([a, declined])).toEqual([])
    expect(titles([a, entry('Away', '00', { showWithoutTime: true, freeBusyStatus: 'busy' })])).toEqual(['A', 'Away'])
  })
})

describe('guests', () => {
  const participants = {
    '@a:a': { roles: { owner: true }, participationStatus: 'accepted' },
    two: { roles: { attendee: true }, sendTo: { matrix: 'matrix:u/b%3Ab?action=chat' } },
    erin: { name: 'Erin', sendTo: { matrix: 'matrix:u/%' } },
  }

  test('are told by their Matrix ID, wherever that stands; who invites stands first', () => {
    expect(guestsOf({ participants }).map(({ id, owns }) => [id, owns])).toEqual([
      ['@a:a', true],
      ['@b:b', false],
      ['erin', false],
    ])
  })

  test('are asked, and who invites them is not', () => {
    expect([isAsked({ participants }, '@b:b'), isAsked({ participants }, '@a:a'), isAsked({ participants }, '@c:c')]).toEqual([
      true,
      false,
      false,
    ])
  })
})

describe('free times', () => {
  const asked = { people: ['@b:b'], circle: '', minutes: 45, first: '2026-11-19', last: '2026-11-20', ...USUAL }

  test('are asked for as the API has it', () => {
    expect(question({ ...asked, until: '00:00' }, BERLIN, '2026-11-21')).toMatchObject({
      people: ['@b:b'],
      duration: 'PT45M',
      after: '2026-11-19T00:00:00',
      before: '2026-11-21T00:00:00',
      day_until: '24:00',
      weekdays: ['mo', 'tu', 'we', 'th', 'fr'],
    })
    const everyDay = question({ ...asked, circle: '!c', weekdays: [] }, BERLIN, '2026-11-21')
    expect(everyDay).not.toHaveProperty('weekdays')
    expect(everyDay).toHaveProperty('circle', '!c')
  })

  test('are shown by day, and who is not known is named', () => {
    const slot = (local_start: string) => ({ start: '', end: '', free: [], local_start })
    const days = byDay([slot('2026-11-19T09:00:00'), slot('2026-11-19T10:00:00'), slot('2026-11-20T09:00:00')])
    expect(days.map(([day, slots]) => [day, slots.length])).toEqual([['2026-11-19', 2], ['2026-11-20', 1]])
    const people = { '@b:b': { state: 'known' as const }, '@c:c': { state: 'refused' as const, reason: 'No.' } }
    expect(unknown({ slots: [], people }).map(([id]) => id)).toEqual(['@c:c'])
  })
})
