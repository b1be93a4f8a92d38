/** A contact as its readers see it, read from an object: JSContact's Card (RFC 9553). Pure. */

import type { Content, Json, TwinObject } from '../../twin/types'
import { folded } from '../people/reach'
import { isMap } from '../objects/schema'

export const CAPABILITY = 'contacts'

/** A date of which the year, or all but the year, may be missing. */
export interface PartialDate {
  year: number | undefined
  month: number | undefined
  day: number | undefined
}

export interface Contact {
  object: TwinObject
  title: string
  isGroup: boolean
  /** How many are in a group. */
  members: number
  organization: string
  emails: readonly string[]
  phones: readonly string[]
  matrixIds: readonly string[]
  addresses: readonly string[]
  note: string
  birthday: PartialDate | undefined
}

const URI = /^matrix:u\/([^?#]+)/

export function contactOf(object: TwinObject): Contact {
  const { content } = object
  return {
    object,
    title: object.title,
    isGroup: content.kind === 'group',
    members: Object.keys(map(content.members)).length,
    organization: texts(content.organizations, 'name')[0] ?? '',
    emails: texts(content.emails, 'address'),
    phones: texts(content.phones, 'number'),
    matrixIds: entries(content.onlineServices).flatMap(([, each]) => matrixIdOf(each) ?? []),
    addresses: entries(content.addresses).flatMap(([, each]) => addressSaid(each) || []),
    note: texts(content.notes, 'note')[0] ?? '',
    birthday: birthdayOf(content),
  }
}

/** Returns the name as it is filled in: in full, or its parts in their order. */
export function nameOf(content: Content): string {
  const name = map(content.name)
  return said(name.full) || parts(name.components)
}

/** Returns an address in lines, as it is written in full, or its parts. */
export function addressSaid(address: Content): string {
  return said(address.full) || parts(address.components, '\n')
}

function parts(components: Json | undefined, between = ' '): string {
  const all = Array.isArray(components) ? components : []
  const values = all.map((each) => (isMap(each) && each.kind !== 'separator' ? said(each.value) : ''))
  return values.filter((each) => each !== '').join(between)
}

export function birthdayOf(content: Content): PartialDate | undefined {
  for (const [, each] of entries(content.anniversaries)) {
    if (each.kind !== 'birth') continue
    const date = map(each.date)
    if (typeof date.utc === 'string') {
      const [year, month, day] = date.utc.slice(0, 10).split('-').map(Number)
      return { year, month, day }
    }
    const found = { year: count(date.year), month: count(date.month), day: count(date.day) }
    if (found.year !== undefined || found.month !== undefined) return found
  }
  return undefined
}

export function matrixIdOf({ service, uri, user }: Content): string | undefined {
  const name = URI.exec(said(uri))?.[1]
  if (name !== undefined) {
    try {
      return `@${decodeURIComponent(name)}`
    } catch {
      return undefined // no address
    }
  }
  const named = said(user)
  return said(service).toLowerCase() === 'matrix' && /^@[^:\s]+:\S+$/.test(named) ? named : undefined
}

/** Returns where a telephone number leads, undefined for what is none. */
export function telephone(number: string): string | undefined {
  const bare = number.replace(/^tel:/i, '').replace(/[\s().\-/]/g, '')
  return /^\+?[\d*#]{2,30}$/.test(bare) ? `tel:${bare}` : undefined
}

/** Tells whether a contact is meant by what is typed. */
export function isMeantBy(typed: string, contact: Contact): boolean {
  const wanted = folded(typed)
  const { title, organization, emails, phones, matrixIds } = contact
  return [title, organization, ...emails, ...phones, ...matrixIds].some((each) => folded(each).includes(wanted))
}

const byName = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })

/** Orders contacts by what they are sorted by, where they say so, else by name. */
export function inOrder(a: Contact, b: Contact): number {
  return byName.compare(sortedBy(a), sortedBy(b)) || (a.object.uid < b.object.uid ? -1 : 1)
}

function sortedBy({ object, title }: Contact): string {
  const as = map(map(object.content.name).sortAs)
  return ['surname', 'given'].flatMap((kind) => said(as[kind]) || []).join(' ') || title
}

/** Returns the entries of a map in the order e1, e2, … e10. */
export function entries(value: Json | undefined): [string, Content][] {
  return Object.entries(map(value))
    .map(([id, each]): [string, Content] => [id, map(each)])
    .sort(([a], [b]) => a.length - b.length || (a < b ? -1 : 1))
}

function texts(value: Json | undefined, name: string): string[] {
  return entries(value).flatMap(([, each]) => said(each[name]) || [])
}

function said(value: Json | undefined): string {
  return typeof value === 'string' ? value.trim() : ''
}

function count(value: Json | undefined): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) ? value : undefined
}

function map(value: Json | undefined): Content {
  return isMap(value) ? value : {}
}
