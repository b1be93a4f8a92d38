/** What is filled in for a contact, and what is written of it. Pure. */

import { utcDateTime } from '../../dates'
import type { Content, Json } from '../../twin/types'
import { patch } from '../objects/draft'
import { addressSaid, birthdayOf, entries, matrixIdOf, nameOf, type PartialDate } from './card'

export interface Draft {
  name: string
  organization: string
  /** One in a line each, as `phones` and `matrixIds`. */
  emails: string
  phones: string
  matrixIds: string
  address: string
  birthday: PartialDate | undefined
  note: string
}

export const NOTHING: Draft = {
  name: '',
  organization: '',
  emails: '',
  phones: '',
  matrixIds: '',
  address: '',
  birthday: undefined,
  note: '',
}

export function draftOf(content: Content): Draft {
  const lines = (field: string, of: (each: Content) => Json | undefined): string =>
    entries(content[field])
      .map(([, each]) => of(each))
      .filter((each) => typeof each === 'string')
      .join('\n')
  const first = (field: string, name: string): string => {
    const found = entries(content[field])[0]?.[1][name]
    return typeof found === 'string' ? found : ''
  }
  return {
    name: nameOf(content),
    organization: first('organizations', 'name'),
    emails: lines('emails', (each) => each.address),
    phones: lines('phones', (each) => each.number),
    matrixIds: lines('onlineServices', matrixIdOf),
    address: addressSaid(entries(content.addresses)[0]?.[1] ?? {}),
    birthday: birthdayOf(content),
    note: first('notes', 'note'),
  }
}

/** Returns the content of a new contact; fields of nothing are left out. */
export function newCard(draft: Draft, now: Date): Content {
  const stamp = utcDateTime(now)
  const fields = changedFields({}, draft)
  const given = Object.entries(fields).filter(([, value]) => value !== null)
  return { '@type': 'Card', version: '1.0', kind: 'individual', ...Object.fromEntries(given), created: stamp, updated: stamp }
}

/** Returns a change as a JSON Merge Patch; nothing where nothing differs. */
export function changed(content: Content, draft: Draft, now: Date): Content {
  const fields = changedFields(content, draft)
  const after = Object.fromEntries(Object.entries({ ...content, ...fields }).filter(([, value]) => value !== null))
  const found = patch(content, after)
  return Object.keys(found).length === 0 ? {} : { ...found, updated: utcDateTime(now) }
}

/** Returns the fields that differ from what stands there, each as a whole; null takes one away. */
function changedFields(content: Content, draft: Draft): Content {
  const before = draftOf(content)
  const fields: Content = {}
  if (draft.name !== before.name) fields.name = draft.name === '' ? null : { '@type': 'Name', full: draft.name }
  if (draft.organization !== before.organization) {
    fields.organizations = withFirst(content.organizations, 'o', draft.organization, (name, old) => ({
      ...old,
      '@type': 'Organization',
      name,
    }))
  }
  const lists = [
    { field: 'emails', id: 'e', to: (address: string) => ({ '@type': 'EmailAddress', address }), of: 'address' },
    { field: 'phones', id: 'p', to: (number: string) => ({ '@type': 'Phone', number }), of: 'number' },
  ] as const
  for (const { field, id, to, of } of lists) {
    if (draft[field] === before[field]) continue
    fields[field] = listed(content[field], id, linesOf(draft[field]), to, (each) => each[of])
  }
  if (draft.matrixIds !== before.matrixIds) {
    fields.onlineServices = listed(content.onlineServices, 's', linesOf(draft.matrixIds), matrixService, matrixIdOf)
  }
  if (draft.address !== before.address) {
    fields.addresses = withFirst(content.addresses, 'a', draft.address, (full, { components: _, isOrdered: __, ...old }) => ({
      ...old,
      '@type': 'Address',
      full,
    }))
  }
  if (draft.note !== before.note) {
    fields.notes = withFirst(content.notes, 'n', draft.note, (note, old) => ({ ...old, '@type': 'Note', note }))
  }
  if (JSON.stringify(draft.birthday) !== JSON.stringify(before.birthday)) {
    fields.anniversaries = withBirthday(content.anniversaries, draft.birthday)
  }
  return fields
}

function matrixService(user: string): Content {
  return { '@type': 'OnlineService', service: 'Matrix', uri: `matrix:u/${encodeURIComponent(user.slice(1)).replaceAll('%3A', ':')}` }
}

export function linesOf(text: string): string[] {
  return [...new Set(text.split('\n').map((each) => each.trim()))].filter((each) => each !== '')
}

/**
 * Returns the entries of a map for what stands in lines.
 *
 * A line that was there keeps its entry with all that is said of it, as that it is for work; what the form does not
 * show of the map stays.
 */
function listed(
  value: Json | undefined,
  letter: string,
  lines: readonly string[],
  to: (line: string) => Content,
  of: (each: Content) => Json | undefined,
): Json {
  const old = entries(value)
  const shown = old.filter(([, each]) => typeof of(each) === 'string')
  const result = new Map<string, Json>(old.filter(([, each]) => typeof of(each) !== 'string'))
  const gone = shown.filter(([, each]) => !lines.includes(String(of(each))))
  for (const line of lines) {
    const same = shown.find(([, each]) => of(each) === line)
    // A line that was changed, and not added, keeps what is said of it.
    const [id, before] = same ?? gone.shift() ?? [freeId(result, old, letter), {}]
    result.set(id, same ? before : { ...before, ...to(line) })
  }
  return result.size === 0 ? null : Object.fromEntries(result)
}

function withFirst(
  value: Json | undefined,
  letter: string,
  text: string,
  to: (text: string, old: Content) => Content,
): Json {
  const old = entries(value)
  const [id, before] = old[0] ?? [`${letter}1`, {}]
  const others = Object.fromEntries(old.slice(1))
  if (text !== '') return { ...others, [id]: to(text, before) }
  return Object.keys(others).length > 0 ? others : null
}

function withBirthday(value: Json | undefined, date: PartialDate | undefined): Json {
  const old = entries(value)
  const there = old.find(([, each]) => each.kind === 'birth')
  const others = Object.fromEntries(old.filter((each) => each !== there))
  if (date === undefined) return Object.keys(others).length > 0 ? others : null
  const known = Object.entries(date).filter(([, part]) => part !== undefined)
  const said: Content = { '@type': 'PartialDate', ...Object.fromEntries(known as [string, number][]) }
  const id = there?.[0] ?? freeId(new Map(), old, 'd')
  return { ...others, [id]: { ...there?.[1], '@type': 'Anniversary', kind: 'birth', date: said } }
}

function freeId(taken: ReadonlyMap<string, Json>, old: readonly [string, Content][], letter: string): string {
  const names = new Set([...taken.keys(), ...old.map(([id]) => id)])
  let number = 1
  while (names.has(`${letter}${number}`)) number += 1
  return `${letter}${number}`
}

/** Tells whether a name or anything else is said by which a contact is found again. */
export function isNothing(draft: Draft): boolean {
  return [draft.name, draft.organization, draft.emails, draft.phones, draft.matrixIds].every((each) => each.trim() === '')
}

