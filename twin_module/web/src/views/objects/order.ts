/** Which objects of a list are shown and in which order, as far as the twin has to be asked. Pure. */

import { isRange, type Filtered } from './declared'

/** What a person asks a list for: a value by each filter's name, from and to where it is a range. */
export interface Wanted {
  sort: string
  values: { readonly [name: string]: string }
}

export const USUAL: Wanted = { sort: '-updated', values: {} }

/** Tells whether the page can answer by itself: nothing is filtered, and every object says what it is sorted by. */
export function isPlain(wanted: Wanted): boolean {
  return ['-updated', 'title'].includes(wanted.sort) && Object.values(wanted.values).every((value) => value === '')
}

/** Returns the query that asks the twin. */
export function queryOf(filters: readonly Filtered[], wanted: Wanted): Record<string, string> {
  const query: Record<string, string> = { sort: wanted.sort }
  for (const filter of filters) {
    const add = (name: string, value: string | undefined): void => {
      if (value !== undefined && value.trim() !== '') query[name] = value.trim()
    }
    if (isRange(filter)) {
      add(`${filter.name}.gte`, wanted.values[`${filter.name}.from`])
      add(`${filter.name}.lte`, end(filter, wanted.values[`${filter.name}.to`]))
    } else add(filter.name, wanted.values[filter.name])
  }
  return query
}

/** A day that is named as the last one counts whole, whatever time of it an object has. */
function end(filter: Filtered, value: string | undefined): string | undefined {
  const day = value !== undefined && /^\d{4}-\d\d-\d\d$/.test(value)
  return day && filter.path?.at(-1)?.kind !== 'date' ? `${value}T23:59:59Z` : value
}

/** Returns the ways to sort: what changed last, the title, and each filter that has one value. */
export function sortsOf(filters: readonly Filtered[]): string[] {
  return ['-updated', 'title', ...filters.filter(({ sort }) => sort !== 'words').map(({ name }) => name)]
}
