import { expect, test } from 'vitest'
import { fileName } from './download'

test('a file is called as what it is about, without what systems stumble over', () => {
  expect(fileName('proof', 'I owe Bob 5 € / really', 'json')).toBe('proof-I-owe-Bob-5-really.json')
  expect(fileName('proof', '../../etc/passwd', 'json')).toBe('proof-etc-passwd.json')
  expect(fileName('proof', 'Größe ①', 'json')).toBe('proof-Größe-1.json')
  expect(fileName('proof', '\u202e…', 'json')).toBe('proof-object.json')
  expect(fileName('proof', 'x'.repeat(300), 'json').length).toBeLessThan(80)
})
