import { describe, expect, test } from 'vitest'
import { instant, localDateTime } from '../../dates'
import { afterToday, dayPart } from './day'

const at = (hour: number): Date => new Date(2026, 6, 30, hour, 30)

describe('the parts of a day', () => {
  test('follow the clock', () => {
    expect([0, 4, 5, 11, 12, 17, 18, 23].map((hour) => dayPart(at(hour)))).toEqual([
      'night',
      'night',
      'morning',
      'morning',
      'afternoon',
      'afternoon',
      'evening',
      'evening',
    ])
  })
})

describe('what may be due today', () => {
  test('ends after the last moment of today in every zone', () => {
    const end = localDateTime(afterToday(at(12)))
    const midnight = new Date(2026, 6, 31)
    for (const zone of ['Pacific/Kiritimati', 'Etc/GMT+12', 'UTC', 'Asia/Kathmandu']) {
      // The same moment as clocks show it there: nothing that is due before it may be left out.
      const there = new Date(midnight.getTime() - 1000).toLocaleString('sv-SE', { timeZone: zone }).replace(' ', 'T')
      expect(instant(there, zone)!.getTime()).toBeLessThan(midnight.getTime())
      expect(there < end).toBe(true)
    }
  })
})
