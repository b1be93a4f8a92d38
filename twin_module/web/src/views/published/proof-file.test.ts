import { expect, test } from 'vitest'
import { proofOf } from './proof-file'

const bundle = {
  event_id: '$v',
  event: {
    sender: '@alice:alice.example:8448',
    origin_server_ts: 1790000000000,
    room_id: '!room',
    signatures: { 'alice.example:8448': { 'ed25519:new': 's', 'ed25519:lost': 's' }, other: { 'ed25519:x': 's' } },
  },
  keys: {
    'alice.example:8448': [
      { verify_keys: { 'ed25519:other': { key: 'no' } }, old_verify_keys: { 'ed25519:new': { key: 'K' } } },
      { verify_keys: { 'ed25519:new': { key: 'K' } } },
    ],
    other: [{ verify_keys: { 'ed25519:x': { key: 'no' } } }],
  },
}

test('a proof says who, when, and with which key of their own server', () => {
  const file = JSON.stringify(bundle)
  expect(proofOf(file)).toEqual({
    file,
    version: '$v',
    author: '@alice:alice.example:8448',
    server: 'alice.example:8448',
    time: 1790000000000,
    room: '!room',
    keys: [{ id: 'ed25519:new', key: 'K' }],
  })
})

test('what is no proof says nothing, and breaks nothing', () => {
  for (const file of ['null', '[]', '{"event": 1, "keys": {"": [null, 7]}}']) {
    expect(proofOf(file)).toMatchObject({ version: '', author: '', keys: [] })
  }
  expect(() => proofOf('<html>')).toThrow(SyntaxError)
})
