import { expect, it } from 'vitest'
import { escaped, meant } from './location'
import { places } from './places'

it.each(['@bob:example.org:8448', '@100%25:example.org', '!room:example.org', '../a/b?c#d', 'Zoë'])(
  'a part of an address means what it was made of: %s',
  (id) => {
    // As the router reads it.
    const [, part = ''] = /^\/people\/([^/]+)$/.exec(decodeURI(escaped(places.person(id)))) ?? []
    expect(meant(part)).toBe(id)
  },
)

it('what was mistyped is nothing to fail of', () => {
  expect(meant('100%')).toBe('100%')
})
