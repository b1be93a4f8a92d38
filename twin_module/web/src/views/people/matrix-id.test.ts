import { describe, expect, it } from 'vitest'
import { chatAddress, wrongWith } from './matrix-id'

const OWNER = '@alice:twin.example'

describe('a Matrix ID that somebody types', () => {
  it.each([
    '@bob:example.org',
    '@bob:localhost:8448',
    '@bob:[::1]:8448',
    '@b_o.b=/-+1:sub.example.org',
    '@Ünlaut:example.org',
  ])('is taken when it is one: %s', (id) => {
    expect(wrongWith(id, OWNER)).toBeUndefined()
  })

  it.each([
    ['', 'empty'],
    ['bob', 'no-at'],
    ['bob:example.org', 'no-at'],
    ['bob@example.org', 'email'],
    ['@bob', 'no-server'],
    ['@bob:', 'no-server'],
    ['@:example.org', 'bad'],
    ['@bob :example.org', 'bad'],
    ['@bob:exa mple.org', 'bad'],
    ['@bob:example.org/x', 'bad'],
    ['@bo\u202eb:example.org', 'bad'],
    [`@${'b'.repeat(255)}:example.org`, 'bad'],
    [OWNER, 'you'],
  ])('says what is wrong with %s', (id, wrong) => {
    expect(wrongWith(id, OWNER)).toBe(wrong)
  })
})

it('the address of a chat holds nothing but the person', () => {
  expect(chatAddress('@bob:example.org')).toBe('matrix:u/bob:example.org?action=chat')
  expect(chatAddress('@a/b?c#d:example.org')).toBe('matrix:u/a%2Fb%3Fc%23d:example.org?action=chat')
})
