import { expect, test } from 'vitest'
import { patched } from '../../twin/outbox'
import { detailsChanged, keywordsOf, versionsOf, words } from './document'

test('words are typed with commas, each counts once', () => {
  expect(words(' minutes, #Monday,,minutes\nbread ')).toEqual(['minutes', 'Monday', 'bread'])
  expect(words(' , ')).toEqual([])
})

test('only what changed is sent', () => {
  const content = { title: 'Minutes', keywords: { old: true, kept: true } }
  expect(detailsChanged(content, 'Minutes', ['kept', 'old'])).toEqual({})
  const change = detailsChanged(content, 'Notes', ['kept', 'new'])
  expect(change).toEqual({ title: 'Notes', keywords: { old: null, new: true } })
  const meanwhile = { ...content, keywords: { ...content.keywords, others: true } }
  expect(patched(meanwhile, change)).toEqual({ title: 'Notes', keywords: { kept: true, new: true, others: true } })
})

test('content that fits no schema of ours is read as nothing', () => {
  for (const odd of [null, 7, 'text', ['a']]) {
    expect(keywordsOf({ keywords: odd })).toEqual([])
    expect(versionsOf({ versions: odd })).toEqual([])
  }
  expect(versionsOf({ versions: { b: '$2', a: '$1' } })).toEqual([
    ['a', '$1'],
    ['b', '$2'],
  ])
})
