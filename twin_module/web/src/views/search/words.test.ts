import { expect, test } from 'vitest'
import { asked, fits, marked } from './words'

test('case and accents do not matter, and a beginning is enough', () => {
  expect(fits(['Zürich im Frühling'], asked('ZURICH früh'))).toBe(true)
  expect(fits(['Zürich'], asked('rich'))).toBe(false)
  expect(fits(['Zürich'], asked(''))).toBe(false)
})

test('all words have to be there, in whatever name', () => {
  expect(fits(['Bob', '@bob:example.org'], asked('bob exam'))).toBe(true)
  expect(fits(['Bob', '@bob:example.org'], asked('bob carol'))).toBe(false)
})

test('what was found is marked, and the text stays whole', () => {
  const parts = marked('Über das Brot: übermorgen', asked('uber'))
  expect(parts.filter(({ match }) => match).map(({ text }) => text)).toEqual(['Über', 'übermorgen'])
  expect(parts.map(({ text }) => text).join('')).toBe('Über das Brot: übermorgen')
})

test('marks of texts are text', () => {
  expect(marked('<img src=x>', asked('img'))).toEqual([
    { text: '<', match: false },
    { text: 'img', match: true },
    { text: ' src=x>', match: false },
  ])
})
