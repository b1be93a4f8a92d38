/** Where an event takes place and who takes part, as others wrote it. Pure. */

import type { Content, Json } from '../../twin/types'

export interface Guest {
  /** A Matrix ID, or what the event calls them by. */
  id: string
  name: string
  status: Answer
}

export const ANSWERS = ['accepted', 'tentative', 'declined', 'delegated', 'needs-action'] as const
export type Answer = (typeof ANSWERS)[number]

export interface Somewhere {
  id: string
  name: string
}

/** Returns the places of an event that have a name. */
export function placesOf(content: Content): Somewhere[] {
  return entries(content.locations).flatMap(([id, each]) => {
    const name = said(each.name) || said(each.description)
    return name === '' ? [] : [{ id, name }]
  })
}

/** Returns the addresses under which people meet from afar; who shows them looks whether they may be links. */
export function addressesOf(content: Content): { name: string; address: string }[] {
  return entries(content.virtualLocations).flatMap(([, each]) => {
    const address = said(each.uri)
    return address === '' ? [] : [{ name: said(each.name), address }]
  })
}

export function guestsOf(content: Content): Guest[] {
  return entries(content.participants)
    .map(([id, each]) => ({
      id,
      name: said(each.name),
      status: ANSWERS.find((answer) => answer === each.participationStatus) ?? 'needs-action',
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
}

export function keywordsOf(content: Content): string[] {
  return Object.keys(map(content.keywords)).sort()
}

export function descriptionOf(content: Content): string {
  return said(content.description)
}

function entries(value: Json | undefined): [string, { [key: string]: Json }][] {
  return Object.entries(map(value)).map(([id, each]) => [id, map(each)])
}

function said(value: Json | undefined): string {
  return typeof value === 'string' ? value.trim() : ''
}

function map(value: Json | undefined): { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
