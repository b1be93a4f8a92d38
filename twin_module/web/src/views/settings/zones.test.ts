import { expect, test } from 'vitest'
import { zoneGroups, zoneName } from './zones'

test('zones stand by continent, each once, with those that the browser does not know', () => {
  expect(zoneGroups(['Europe/Oslo', 'Europe/Berlin', 'Asia/Tokyo'], ['Europe/Berlin', 'UTC', 'Europe/Kyiv'])).toEqual([
    { name: '', zones: ['UTC'] },
    { name: 'Asia', zones: ['Asia/Tokyo'] },
    { name: 'Europe', zones: ['Europe/Berlin', 'Europe/Kyiv', 'Europe/Oslo'] },
  ])
})

test('a zone is read without the marks of its name', () => {
  expect(zoneName('America/New_York')).toBe('America/New York')
})
