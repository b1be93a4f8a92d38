/** When one is reminded of an event: JSCalendar's alerts (RFC 8984, section 4.5.2). Pure. */

import type { Content, Json } from '../../twin/types'
import { isMap } from '../objects/schema'
import { durationOf } from './duration'

/** How long before its start, as it is offered for what has times, and for whole days, which start at midnight. */
export const USUAL = ['PT0S', '-PT5M', '-PT10M', '-PT15M', '-PT30M', '-PT1H', '-PT2H', '-P1D', '-P2D', '-P7D'] as const
export const USUAL_OF_DAYS = ['PT9H', '-PT6H', '-PT15H', '-P1D', '-P7D'] as const

export interface Alert {
  /** Its name in the event. */
  id: string
  /** From the start, as a SignedDuration; undefined where it is something else, which is kept as it is. */
  offset: string | undefined
}

const SIGNED = /^([+-])?(P.*)$/
const MOST = 10

export function alertsOf(content: Content): Alert[] {
  return Object.entries(isMap(content.alerts) ? content.alerts : {}).map(([id, alert]) => {
    const trigger = isMap(alert) && isMap(alert.trigger) ? alert.trigger : {}
    const { offset, relativeTo } = trigger
    const fromStart = typeof offset === 'string' && (relativeTo === undefined || relativeTo === 'start')
    return { id, offset: fromStart ? offset : undefined }
  })
}

/** Returns alerts with one more. */
export function oneMore(alerts: readonly Alert[], offset: string): Alert[] {
  let name = 1
  while (alerts.some(({ id }) => id === String(name))) name += 1
  return [...alerts, { id: String(name), offset }]
}

export function isFull(alerts: readonly Alert[]): boolean {
  return alerts.length >= MOST
}

/** Returns the field of alerts where it was changed; others than those from the start stay as they were. */
export function alertFields(before: Content, alerts: readonly Alert[]): Content {
  const old = isMap(before.alerts) ? before.alerts : {}
  const was = alertsOf(before)
  if (JSON.stringify(was) === JSON.stringify(alerts)) return {}
  if (alerts.length === 0) return { alerts: null }
  const offsets = new Map(was.map(({ id, offset }) => [id, offset]))
  const now = alerts.map(({ id, offset }): [string, Json] => {
    const same = Object.hasOwn(old, id) && offsets.get(id) === offset
    return [id, same ? old[id]! : { '@type': 'Alert', trigger: { '@type': 'OffsetTrigger', offset: offset ?? 'PT0S' } }]
  })
  return { alerts: Object.fromEntries(now) }
}

export interface Lead {
  unit: 'minute' | 'hour' | 'day' | 'week'
  count: number
}

/** Returns how long before the start an alert is; undefined for one behind it, and 0 minutes for one at it. */
export function leadOf(offset: string): Lead | undefined {
  const [, sign, duration] = SIGNED.exec(offset) ?? []
  const { days, ms } = durationOf(duration)
  const minutes = days * 1440 + Math.round(ms / 60_000)
  if (minutes === 0) return { unit: 'minute', count: 0 }
  if (sign !== '-') return undefined
  if (minutes % 10_080 === 0) return { unit: 'week', count: minutes / 10_080 }
  if (minutes % 1440 === 0) return { unit: 'day', count: minutes / 1440 }
  return minutes % 60 === 0 ? { unit: 'hour', count: minutes / 60 } : { unit: 'minute', count: minutes }
}

/** Returns when one is reminded of a whole day: so many days before it, at a minute of that day. */
export function dayBefore(offset: string): { days: number; minute: number } {
  const [, sign, duration] = SIGNED.exec(offset) ?? []
  const { days, ms } = durationOf(duration)
  const minutes = (sign === '-' ? -1 : 1) * (days * 1440 + Math.round(ms / 60_000))
  const before = Math.max(0, -Math.floor(minutes / 1440))
  return { days: before, minute: minutes + before * 1440 }
}
