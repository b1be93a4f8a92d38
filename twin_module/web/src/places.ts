/** The addresses of the page's views, relative to where the page is served. */

import type { Place } from './twin/types'

const at = (...parts: string[]): string => `/${parts.map(encodeURIComponent).join('/')}`

export const places = {
  home: '/',
  collections: '/collections',
  tasks: '/tasks',
  people: '/people',
  agenda: '/agenda',
  search: '/search',
  settings: '/settings',
  collection: (roomId: string): string => at('c', roomId),
  capability: (roomId: string, name: string): string => at('c', roomId, name),
  object: ({ room_id, capability, uid }: Place): string => at('c', room_id, capability, uid),
  history: ({ room_id, capability, uid }: Place): string => at('c', room_id, capability, uid, 'history'),
  person: (userId: string): string => at('people', userId),
  circle: (roomId: string): string => at('circles', roomId),
  /** What a link opens; with a capability and a uid, one object of a collection that it opens. */
  published: (token: string, ...object: string[]): string => at('p', token, ...object),
}
