/** Where an event takes place and who takes part, as others wrote it. Pure. */

import type { Content, Json } from '../../twin/types'
import { isMap } from '../objects/schema'

export interface Guest {
  /** A Matrix ID, or what the event calls them by. */
  id: string
  name: string
  status: Answer
  /** A word with the answer. */
  comment: string
  /** Whether it is their event. */
  owns: boolean
  /** Whether they are asked to come. */
  attends: boolean
}

export const ANSWERS = ['accepted', 'tentative', 'declined', 'delegated', 'needs-action'] as const
export type Answer = (typeof ANSWERS)[number]

export interface Somewhere {
  id: string
  name: string
}

const URI = /^matrix:u\/([^?#]+)/

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
    .map(([key, each]) => {
      const roles = map(each.roles)
      return {
        id: matrixIdOf(key, each) ?? key,
        name: said(each.name),
        status: ANSWERS.find((answer) => answer === each.participationStatus) ?? 'needs-action',
        comment: said(each.participationComment),
        owns: roles.owner === true,
        attends: roles.attendee === true,
      }
    })
    .sort((a, b) => Number(b.owns) - Number(a.owns) || (a.id < b.id ? -1 : 1))
}

/** Tells whether somebody is to answer: who takes part, unless it is their own event. */
export function isAsked(content: Content, user: string): boolean {
  return guestsOf(content).some(({ id, owns }) => id === user && !owns)
}

/** Returns the Matrix ID of a participant: its key, or where `sendTo.matrix` leads. */
function matrixIdOf(key: string, participant: Content): string | undefined {
  if (key.startsWith('@')) return key
  const name = URI.exec(said(map(participant.sendTo).matrix))?.[1]
  if (name === undefined) return undefined
  try {
    return `@${decodeURIComponent(name)}`
  } catch {
    return undefined // no address
  }
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
  return isMap(value) ? value : {}
}
