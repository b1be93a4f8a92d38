import { expect, test } from 'vitest'
import { pieces, tick } from './reading'

const joined = (text: string, size: number): string => pieces(text, size).map((piece) => piece.text).join('')

test('a short text is one piece', () => {
  expect(pieces('one\n\ntwo', 100)).toEqual([{ text: 'one\n\ntwo', line: 0 }])
  expect(pieces('', 100)).toEqual([{ text: '', line: 0 }])
})

test('a long text is cut between paragraphs, and each piece knows its first line', () => {
  const text = 'one one\n\ntwo two\nmore\n\nthree'
  expect(pieces(text, 16)).toEqual([
    { text: 'one one\n\n', line: 0 },
    { text: 'two two\nmore\n\n', line: 2 },
    { text: 'three', line: 5 },
  ])
})

test('a block of code is not cut where it has an empty line', () => {
  const text = 'a\n\n```\none\n\ntwo\n```\n\nend of it all'
  expect(pieces(text, 20).map((piece) => piece.text)).toEqual(['a\n\n', '```\none\n\ntwo\n```\n\n', 'end of it all'])
})

test('nothing is lost, whatever the text is made of', () => {
  for (const text of ['x'.repeat(100), 'word\n'.repeat(50), '```\n'.repeat(21), 'a\r\n\r\nb\rc\n'.repeat(9), '\n'.repeat(64)]) {
    for (const size of [1, 7, 20]) {
      expect(joined(text, size)).toBe(text)
      expect(Math.max(...pieces(text, size).map((piece) => piece.text.length))).toBeLessThanOrEqual(Math.max(size, 6))
    }
  }
})

test('a task is ticked and unticked in its line', () => {
  const text = 'x\r\n- [ ] one\n> 1. [X] two\n- [] no'
  expect(tick(text, 1)).toEqual({ at: 6, insert: 'x' })
  expect(tick(text, 2)).toEqual({ at: text.indexOf('X]'), insert: ' ' })
  expect(tick(text, 0)).toBeUndefined()
  expect(tick(text, 3)).toBeUndefined()
  expect(tick(text, 9)).toBeUndefined()
})
