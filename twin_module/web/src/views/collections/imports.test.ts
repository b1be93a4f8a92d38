import { expect, test } from 'vitest'
import { doneOf, typeOf, type Import } from './imports'

test.each([
  ['BEGIN:VCALENDAR\r\n', 'text/calendar'],
  ['\ufeff\nbegin:vcard\n', 'text/vcard'],
  ['<html>', undefined],
  ['', undefined],
])('a file that begins with %j is %s', async (text, type) => {
  expect(await typeOf(new Blob([text]))).toBe(type)
})

test('an import is through with what was written, was there, or was refused', () => {
  const at: Import = { import_id: 'i', state: 'running', total: 10, written: 3, unchanged: 2, refused_count: 1 }
  expect(doneOf(at)).toBe(6)
  expect(doneOf({ ...at, total: 0 })).toBe(1)
})
