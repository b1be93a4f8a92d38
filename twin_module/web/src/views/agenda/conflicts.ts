/** What takes the owner's time at once. Pure. */

import type { Entry } from './entry'

/**
 * Tells whether an entry takes the owner's time.
 *
 * What is cancelled, declined or marked as free takes none. Whole days take it only where they say so: on a birthday
 * one goes to work all the same.
 */
export function takesTime({ event, start, end }: Entry): boolean {
  if (event === undefined || event.status === 'cancelled' || event.answer === 'declined' || end <= start) return false
  const said = event.content.freeBusyStatus
  return event.wholeDay ? said === 'busy' : said !== 'free'
}

/** Returns the keys of entries that want the same time as another one. */
export function conflicting(entries: readonly Entry[]): ReadonlySet<string> {
  const found = new Set<string>()
  let longest: Entry | undefined
  for (const each of entries.filter(takesTime).sort((a, b) => a.start - b.start)) {
    // Whatever overlaps it, and ends before the longest, overlaps the longest too: that was found already.
    if (longest !== undefined && longest.end > each.start) found.add(longest.key).add(each.key)
    if (longest === undefined || each.end > longest.end) longest = each
  }
  return found
}

/** Returns what wants the same time as an entry. */
export function against(entry: Entry, entries: readonly Entry[]): Entry[] {
  if (!takesTime(entry)) return []
  return entries
    .filter((each) => each.key !== entry.key && takesTime(each) && each.start < entry.end && each.end > entry.start)
    .sort((a, b) => a.start - b.start)
}
