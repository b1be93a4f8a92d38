/** One object: tasks and documents have views of their own, all others the one that their schema describes. */

import type { ComponentType } from 'preact'
import { Redirect } from 'wouter-preact'
import { Later, later } from '../parts/later'
import { places } from '../places'
import { twin } from '../twin/twin'
import type { Place } from '../twin/types'
import { GeneratedPage } from './objects/page'

type Page = ComponentType<{ place: Place }>

const TaskPage: Page = later(async () => (await import('./tasks/task-page')).TaskPage)
const DocumentPage: Page = later(async () => (await import('./documents/document-page')).DocumentPage)

/** Views of their own, by capability. */
const PAGES: ReadonlyMap<string, Page> = new Map([
  ['tasks', TaskPage],
  ['docs', DocumentPage],
])

export function OneObject({ place }: { place: Place }) {
  const room = twin.rooms.value.get(place.room_id)
  // A circle is a room with one object, and has its page as a room.
  if (place.capability === 'circles' && room?.kind === 'circle')
    return <Redirect to={places.circle(place.room_id)} replace />
  const Page = PAGES.get(place.capability) ?? GeneratedPage
  return (
    <Later>
      <Page place={place} />
    </Later>
  )
}
