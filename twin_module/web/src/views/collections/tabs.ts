/** Which tabs a collection has, and which of them opens at first. */

import type { Capability } from '../../twin/types'

/** What stands in front; everything else follows as the twin names it. */
const FIRST = ['tasks', 'docs', 'agenda', 'contacts']
/** Who shares with whom is no object in a tab: it has views of its own. */
const ELSEWHERE = ['circles']

/** Returns the names of the capabilities whose objects lie in collections. */
export function tabsOf(capabilities: readonly Capability[]): string[] {
  const names = capabilities.filter((each) => each.events.length > 0).map((each) => each.name)
  return [...FIRST.filter((each) => names.includes(each)), ...names.filter((each) => !FIRST.includes(each))].filter(
    (each) => !ELSEWHERE.includes(each),
  )
}

/** Returns the tab that opens at first: the first that has something in it, or else the first. */
export function opening(tabs: readonly string[], filled: ReadonlySet<string>): string {
  return tabs.find((each) => filled.has(each)) ?? tabs[0] ?? ''
}

/** Returns what a tab of a capability is called for which there is no word of ours. */
export function calledAs(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1).replace(/[-_]/g, ' ')
}
