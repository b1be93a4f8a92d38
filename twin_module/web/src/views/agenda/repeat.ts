/** How often an event comes again, as a form has it: one rule of JSCalendar (RFC 8984, section 4.3.3). Pure. */

import type { Content, Json } from '../../twin/types'
import { isMap } from '../objects/schema'
import { isDay, type Day } from './days'

export const FREQUENCIES = ['daily', 'weekly', 'monthly', 'yearly'] as const
export type Frequency = (typeof FREQUENCIES)[number]
/** From Monday on, as JSCalendar names them. */
export const WEEKDAYS = ['mo', 'tu', 'we', 'th', 'fr', 'sa', 'su'] as const
export type Weekday = (typeof WEEKDAYS)[number]

export interface Rule {
  frequency: Frequency
  interval: number
  /** Of a week; none is the day on which it begins. */
  days: readonly Weekday[]
  end: { until: Day } | { count: number } | undefined
}

/** `never`, a rule, or something that the form can't show and leaves as it is. */
export type Repeat = 'never' | 'otherwise' | Rule

export const MOST_TIMES = 9999
const KNOWN = new Set(['@type', 'frequency', 'interval', 'byDay', 'until', 'count'])

export function repeatOf(content: Content): Repeat {
  const rules = Array.isArray(content.recurrenceRules) ? content.recurrenceRules : []
  const excluded = Array.isArray(content.excludedRecurrenceRules) ? content.excludedRecurrenceRules : []
  if (rules.length === 0) return isMap(content.recurrenceOverrides) ? 'otherwise' : 'never'
  if (rules.length > 1 || excluded.length > 0 || !isMap(rules[0])) return 'otherwise'
  return ruleOf(rules[0]) ?? 'otherwise'
}

function ruleOf(rule: Content): Rule | undefined {
  const frequency = FREQUENCIES.find((each) => each === rule.frequency)
  const interval = rule.interval ?? 1
  const days = daysOf(rule.byDay)
  if (frequency === undefined || days === undefined || !isCount(interval)) return undefined
  if (Object.keys(rule).some((name) => !KNOWN.has(name)) || (days.length > 0 && frequency !== 'weekly')) return undefined
  const { until, count } = rule
  if (until !== undefined) {
    const day = typeof until === 'string' ? until.slice(0, 10) : ''
    return isDay(day) && count === undefined ? { frequency, interval, days, end: { until: day } } : undefined
  }
  if (count === undefined) return { frequency, interval, days, end: undefined }
  return isCount(count) ? { frequency, interval, days, end: { count } } : undefined
}

function daysOf(byDay: Json | undefined): Weekday[] | undefined {
  if (byDay === undefined) return []
  if (!Array.isArray(byDay)) return undefined
  const days = byDay.map((each) => (isMap(each) && each.nthOfPeriod === undefined ? each.day : undefined))
  return days.every(isWeekday) ? WEEKDAYS.filter((each) => days.includes(each)) : undefined
}

/** Returns the rule as it is written; its end is the last second of a day. */
export function written({ frequency, interval, days, end }: Rule): Content {
  return {
    '@type': 'RecurrenceRule',
    frequency,
    ...(interval === 1 ? {} : { interval }),
    ...(frequency === 'weekly' && days.length > 0 ? { byDay: days.map((day) => ({ '@type': 'NDay', day })) } : {}),
    ...(end === undefined ? {} : 'until' in end ? { until: `${end.until}T23:59:59` } : { count: end.count }),
  }
}

/**
 * Returns the fields of how often something comes again, where that was changed.
 *
 * What was different at one time goes with the rule that the time was one of: it would come as a time of its own.
 */
export function repeatFields(before: Content, repeat: Repeat): Content {
  const was = repeatOf(before)
  if (repeat === 'otherwise' || said(repeat) === said(was)) return {}
  const overrides = before.recurrenceOverrides
  return {
    recurrenceRules: repeat === 'never' ? null : [written(repeat)],
    ...(before.excludedRecurrenceRules === undefined ? {} : { excludedRecurrenceRules: null }),
    ...(isMap(overrides) ? { recurrenceOverrides: kept(overrides, was, repeat) } : {}),
  }
}

function kept(overrides: Content, was: Repeat, repeat: Repeat): Content | null {
  if (typeof was === 'string' || typeof repeat === 'string') return null
  if (said({ ...was, end: undefined }) !== said({ ...repeat, end: undefined })) return null
  const end = repeat.end
  if (end === undefined) return overrides
  if ('count' in end) return null
  const inside = Object.entries(overrides).filter(([time]) => time.slice(0, 10) <= end.until)
  return inside.length > 0 ? Object.fromEntries(inside) : null
}

function said(repeat: Repeat): string {
  return typeof repeat === 'string' ? repeat : JSON.stringify(written(repeat))
}

function isWeekday(value: Json | undefined): value is Weekday {
  return WEEKDAYS.some((each) => each === value)
}

function isCount(value: Json): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MOST_TIMES
}
