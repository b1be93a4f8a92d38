/** What capabilities and their fields are called: a text of the page where it has one, else their own name. */

import { en } from '../../texts/en'
import { t, type Key } from '../../texts/texts'
import { readable, type Field } from './schema'

const KNOWN: Readonly<Record<string, Key>> = {
  tasks: 'collection.tab.tasks',
  docs: 'collection.tab.docs',
  attestations: 'collection.tab.attestations',
  agenda: 'collection.tab.agenda',
  contacts: 'collection.tab.contacts',
  circles: 'objects.circles',
}

export function capabilityName(name: string): string {
  const key = Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined
  return key === undefined ? readable(name) : t(key)
}

/**
 * Returns what a name of a declaration is called: by a word of the page in the person's language, where many
 * capabilities use the name, else as it calls itself.
 */
export function wordFor(name: string, itself: string): string {
  const key = `objects.field.${name}`
  return Object.hasOwn(en, key) ? t(key as Key) : itself
}

export function fieldLabel(field: Field): string {
  return field.schema.title ?? wordFor(field.name, field.label)
}
