import { describe, expect, test } from 'vitest'
import { patched } from '../../twin/outbox'
import type { Content, TwinObject } from '../../twin/types'
import { contactOf, inOrder, isMeantBy, telephone, type Contact } from './card'
import { changed, draftOf, isNothing, newCard, NOTHING } from './draft'

const NOW = new Date('2026-11-18T09:20:00Z')

function contact(content: Content, title = 'Bob Miller'): Contact {
  const object: TwinObject = { room_id: '!r', capability: 'contacts', uid: title, type: 'card', etag: '$1', sender: '@a:a', updated: 0, title, content }
  return contactOf(object)
}

/** Returns a card as the twin has it after a change. */
const after = (content: Content, more: Partial<typeof NOTHING>): Content =>
  patched(content, changed(content, { ...draftOf(content), ...more }, NOW)) as Content

const FULL: Content = {
  '@type': 'Card',
  name: { full: 'Bob Miller', components: [{ kind: 'given', value: 'Bob' }, { kind: 'surname', value: 'Miller' }], sortAs: { surname: 'Miller' } },
  emails: { e1: { address: 'bob@example.org', contexts: { private: true } }, e2: { address: 'bob@work.example', contexts: { work: true } } },
  phones: { p1: { number: '+49 30 123456', features: { mobile: true } } },
  onlineServices: { s1: { service: 'Matrix', uri: 'matrix:u/bob:example.org' }, s2: { service: 'Chess', user: 'bobby' } },
  addresses: { a1: { components: [{ kind: 'name', value: 'Lane 1' }, { kind: 'separator', value: ', ' }, { kind: 'locality', value: 'Town' }], countryCode: 'DE' } },
  anniversaries: { d1: { kind: 'birth', date: { month: 4, day: 15 } }, d2: { kind: 'wedding', date: { year: 2020 } } },
  notes: { n1: { note: 'Likes tea', author: { name: 'A' } } },
}

describe('reading', () => {
  test('what is there to reach somebody', () => {
    expect(contact(FULL)).toMatchObject({
      emails: ['bob@example.org', 'bob@work.example'],
      phones: ['+49 30 123456'],
      matrixIds: ['@bob:example.org'],
      addresses: ['Lane 1\nTown'],
      birthday: { year: undefined, month: 4, day: 15 },
      note: 'Likes tea',
    })
  })

  test('what does not fit is not there, and nothing breaks', () => {
    const odd: Content = { emails: 7, phones: { p: 'x' }, onlineServices: { s: { uri: 'matrix:u/%' } }, anniversaries: { d: { kind: 'birth', date: [] } }, name: [] }
    expect(contact(odd)).toMatchObject({ emails: [], phones: [], matrixIds: [], birthday: undefined })
    expect(draftOf(odd)).toEqual(NOTHING)
  })

  test('they stand by surname where they say so, and are found by anything', () => {
    const ada = contact({ name: { full: 'Ada Zeta' } }, 'Ada Zeta')
    expect([ada, contact(FULL)].sort(inOrder).map(({ title }) => title)).toEqual(['Ada Zeta', 'Bob Miller'])
    expect(['milier', 'MILLER', 'work.ex', '123456'].map((typed) => isMeantBy(typed, contact(FULL)))).toEqual([false, true, true, true])
  })

  test.each([
    ['+49 (30) 12-34', 'tel:+49301234'],
    ['tel:+1-201-555-0123', 'tel:+12015550123'],
    ['javascript:alert(1)', undefined],
    ['call me', undefined],
  ])('the number %s leads to %s', (number, address) => {
    expect(telephone(number)).toBe(address)
  })
})

describe('making and changing', () => {
  test('what is made has what was filled in, and nothing else', () => {
    const made = newCard({ ...NOTHING, name: 'Ada', emails: 'a@b.c\na2@b.c', birthday: { year: 1980, month: 4, day: undefined } }, NOW)
    expect(made).toEqual({
      '@type': 'Card',
      version: '1.0',
      kind: 'individual',
      name: { '@type': 'Name', full: 'Ada' },
      emails: { e1: { '@type': 'EmailAddress', address: 'a@b.c' }, e2: { '@type': 'EmailAddress', address: 'a2@b.c' } },
      anniversaries: { d1: { '@type': 'Anniversary', kind: 'birth', date: { '@type': 'PartialDate', year: 1980, month: 4 } } },
      created: '2026-11-18T09:20:00Z',
      updated: '2026-11-18T09:20:00Z',
    })
    expect(isNothing({ ...NOTHING, note: 'x' })).toBe(true)
  })

  test('what nobody changed stays, with all that the form does not show', () => {
    expect(changed(FULL, draftOf(FULL), NOW)).toEqual({})
    const renamed = after(FULL, { note: 'Likes coffee' })
    expect(renamed).toEqual({ ...FULL, notes: { n1: { '@type': 'Note', note: 'Likes coffee', author: { name: 'A' } } }, updated: '2026-11-18T09:20:00Z' })
  })

  test('an address that is changed stays one for work; one that goes takes no other with it', () => {
    expect(after(FULL, { emails: 'bob@example.org\nbob@new.example' }).emails).toMatchObject({
      e1: { address: 'bob@example.org', contexts: { private: true } },
      e2: { address: 'bob@new.example', contexts: { work: true } },
    })
    expect(Object.keys(after(FULL, { emails: 'bob@work.example' }).emails as Content)).toEqual(['e2'])
    expect(after(FULL, { emails: '' })).not.toHaveProperty('emails')
    expect(Object.keys(after(FULL, { emails: 'bob@example.org\nbob@work.example\nx@y.z' }).emails as Content)).toEqual(['e1', 'e2', 'e3'])
  })

  test('other accounts than those of Matrix stay, and other days than the birthday', () => {
    expect(after(FULL, { matrixIds: '' }).onlineServices).toEqual({ s2: { service: 'Chess', user: 'bobby' } })
    expect(after(FULL, { matrixIds: '@ada:b' }).onlineServices).toMatchObject({ s1: { uri: 'matrix:u/ada:b' }, s2: { user: 'bobby' } })
    expect(Object.keys(after(FULL, { birthday: undefined }).anniversaries as Content)).toEqual(['d2'])
  })

  test('a name or an address that is written anew has no parts of the old one', () => {
    expect(after(FULL, { name: 'Bo Miller' }).name).toEqual({ '@type': 'Name', full: 'Bo Miller' })
    expect(after(FULL, { address: 'Lane 2' }).addresses).toEqual({ a1: { '@type': 'Address', full: 'Lane 2', countryCode: 'DE' } })
  })
})
