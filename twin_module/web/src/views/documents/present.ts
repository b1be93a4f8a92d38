/** Who else is in a document, as their editors say; names there are claims, and anything may stand in their place. */

import * as Y from 'yjs'
import type { Awareness } from 'y-protocols/awareness'
import { clean, hue } from '../../parts/names'

const LONGEST_NAME = 40
/** Twelve colours, as those of avatars. */
const HUE_STEP = 30

export interface Present {
  client: number
  name: string
  /** What an editor says is their Matrix ID. */
  id: string
  hue: number
}

export interface Cursor extends Present {
  anchor: number
  head: number
}

/** Returns what an editor says of its person; others than this page want to be told a colour. */
export function presented(name: string, id: string) {
  const degrees = hue(id) * HUE_STEP
  return { name, id, color: `hsl(${degrees} 60% 40%)`, colorLight: `hsl(${degrees} 60% 40% / 25%)` }
}

export function present(awareness: Awareness): Present[] {
  const found: Present[] = []
  for (const [client, state] of awareness.getStates()) {
    const user = field(state, 'user')
    if (client === awareness.clientID || user === undefined) continue
    const [name, id] = [word(user, 'name'), word(user, 'id')]
    found.push({ client, name: short(name || id), id, hue: hue(id || name) })
  }
  return found.sort((a, b) => a.client - b.client)
}

/** Returns where others write; what points to nowhere is left out. */
export function cursors(awareness: Awareness, text: Y.Text): Cursor[] {
  return present(awareness).flatMap((each) => {
    const cursor = field(awareness.getStates().get(each.client), 'cursor')
    const [anchor, head] = [place(field(cursor, 'anchor'), text), place(field(cursor, 'head'), text)]
    return anchor === undefined || head === undefined ? [] : [{ ...each, anchor, head }]
  })
}

function place(json: unknown, text: Y.Text): number | undefined {
  if (json === undefined || text.doc === null) return undefined
  try {
    const found = Y.createAbsolutePositionFromRelativePosition(Y.createRelativePositionFromJSON(json), text.doc)
    return found?.type === text ? Math.min(found.index, text.length) : undefined
  } catch {
    return undefined
  }
}

function field(of: unknown, name: string): unknown {
  return typeof of === 'object' && of !== null && Object.hasOwn(of, name) ? (of as Record<string, unknown>)[name] : undefined
}

function word(of: unknown, name: string): string {
  const found = field(of, name)
  return typeof found === 'string' ? clean(found.slice(0, 1000)) : ''
}

function short(name: string): string {
  const letters = [...name]
  return letters.length > LONGEST_NAME ? `${letters.slice(0, LONGEST_NAME).join('')}…` : name
}
