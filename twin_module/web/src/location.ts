/**
 * Addresses exactly as they stand in the browser.
 *
 * The router reads them by `decodeURI`, which leaves `%3A` alone but not `%25`, so that nobody can tell any more
 * what was meant. It gets them in a form which that turns into the address itself, and each part is read once.
 */

import { navigate, usePathname, useSearch as useQuery } from 'wouter-preact/use-browser-location'

export function escaped(address: string): string {
  return address.replaceAll('%', '%25')
}

export const useExactLocation = (): [string, typeof navigate] => [escaped(usePathname()), navigate]
export const useExactSearch = (): string => escaped(useQuery())

/** Returns what a part of an address means; one that somebody mistyped means what it says. */
export function meant(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
