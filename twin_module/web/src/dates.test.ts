import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { instant, localDateTime, localDateTimeIn } from './dates'

beforeAll(() => void vi.stubEnv('TZ', 'Europe/Berlin'))
afterAll(() => void vi.unstubAllEnvs())

describe('local times', () => {
  test.each([
    ['2026-07-01T12:00:00', 'Europe/Berlin', '2026-07-01T10:00:00Z'],
    ['2026-12-01T12:00:00', 'Europe/Berlin', '2026-12-01T11:00:00Z'],
    ['2026-12-01T12:00:00', 'Asia/Kathmandu', '2026-12-01T06:15:00Z'],
    ['2026-03-29T01:59:59', 'Europe/Berlin', '2026-03-29T00:59:59Z'],
    ['2026-03-29T03:00:00', 'Europe/Berlin', '2026-03-29T01:00:00Z'],
    ['2026-10-25T03:00:00', 'Europe/Berlin', '2026-10-25T02:00:00Z'],
    ['2026-11-01T03:30:00', 'America/New_York', '2026-11-01T08:30:00Z'],
    // A whole day that never was: Samoa went over the date line.
    ['2011-12-31T00:00:00', 'Pacific/Apia', '2011-12-30T10:00:00Z'],
  ])('%s in %s is %s', (local, zone, utc) => {
    expect(instant(local, zone)).toEqual(new Date(utc))
    expect(localDateTimeIn(new Date(utc), zone)).toBe(local)
  })

  test.each([undefined, null, 'Europe/Berlin'])('a time that comes twice is the first of them (zone %s)', (zone) => {
    expect(instant('2026-10-25T02:30:00', zone)).toEqual(new Date('2026-10-25T00:30:00Z'))
  })

  test.each([undefined, null, 'Europe/Berlin'])('a time that never comes is as long after noon (zone %s)', (zone) => {
    expect(instant('2026-03-29T02:30:00', zone)).toEqual(new Date('2026-03-29T01:30:00Z'))
  })

  test('where the person is, they are as the clock there shows', () => {
    expect(localDateTime(new Date('2026-10-25T00:30:00Z'))).toBe('2026-10-25T02:30:00')
  })

  test('nobody knows when it is on the moon', () => {
    expect(instant('2026-10-25T02:30:00', 'Moon/Crater')).toBeUndefined()
    expect(localDateTimeIn(new Date(), 'Moon/Crater')).toBeUndefined()
  })
})
