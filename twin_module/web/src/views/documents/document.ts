/** What a document is to the page. */

import { ask, path } from '../../twin/api'
import type { Content, TwinObject } from '../../twin/types'

export const CAPABILITY = 'docs'
export const LONGEST_TITLE = 1000
const LONGEST_WORD = 100

/** Returns the text of a document; a long one lies outside of its content, and is fetched. */
export async function textOf({ room_id, capability, uid, content }: TwinObject): Promise<string> {
  if (content.textFile === undefined) return typeof content.text === 'string' ? content.text : ''
  return (await ask('GET', path('rooms', room_id, capability, uid, 'text'))).text()
}

export function keywordsOf(content: Content): string[] {
  return mapOf(content.keywords)
}

/** Returns the names of versions, each with its event ID. */
export function versionsOf(content: Content): [string, string][] {
  return mapOf(content.versions).map((name) => [name, String((content.versions as Content)[name])])
}

function mapOf(value: unknown): string[] {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isMap ? Object.keys(value).sort((a, b) => a.localeCompare(b)) : []
}

/** Returns the words that a person typed with commas between them. */
export function words(typed: string): string[] {
  const found = typed.split(/[,\n]/).map((word) => word.trim().replace(/^#/, '').slice(0, LONGEST_WORD))
  return [...new Set(found.filter((word) => word !== ''))]
}

/** Returns what changes when title and keywords become these; keywords that others add meanwhile stay. */
export function detailsChanged(content: Content, title: string, keywords: readonly string[]): Content {
  const before = keywordsOf(content)
  const changed = {
    ...Object.fromEntries(before.filter((word) => !keywords.includes(word)).map((word) => [word, null])),
    ...Object.fromEntries(keywords.filter((word) => !before.includes(word)).map((word) => [word, true])),
  }
  return {
    ...(title === content.title ? {} : { title }),
    ...(Object.keys(changed).length === 0 ? {} : { keywords: changed }),
  }
}
