import { expect, test } from 'vitest'
import { judged, type Status } from './judged'

const fine: Status = { version: '1', position: 7, stream: 7, left_out: {}, to_be_tried_again: [] }

test('a twin that has read all and done all is fine', () => {
  expect(judged(fine)).toEqual({ fine: true, behind: 0, leftOut: 0 })
})

test('what others sent and does not fit is counted, and the twin is still fine', () => {
  expect(judged({ ...fine, left_out: { '!a': 2, '!b': 40 } })).toEqual({ fine: true, behind: 0, leftOut: 42 })
})

test('a twin that lags, or has something to try again, is not', () => {
  expect(judged({ ...fine, stream: 10 })).toMatchObject({ fine: false, behind: 3 })
  expect(judged({ ...fine, position: null })).toMatchObject({ fine: false, behind: 7 })
  expect(judged({ ...fine, to_be_tried_again: ['!a'] })).toMatchObject({ fine: false })
  expect(judged({ ...fine, position: 8 })).toMatchObject({ fine: true, behind: 0 })
})
