import { describe, expect, test } from 'vitest'
import { isMeant } from './session'

const OWNER = '@alice:twin.example:8448'

describe('who signs in', () => {
  test.each(['@alice:twin.example:8448', 'alice:twin.example:8448', 'alice', '@Alice', ' ALICE '])(
    'is the owner as %s',
    (typed) => expect(isMeant(typed, OWNER)).toBe(true),
  )
  test.each(['', '@', 'bob', '@alice:example.org', 'alice:twin.example', 'twin.example', 'alice@twin.example'])(
    'is somebody else as %s',
    (typed) => expect(isMeant(typed, OWNER)).toBe(false),
  )
})
