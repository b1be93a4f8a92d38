/** Time zones to choose from, by continent. Pure. */

export interface ZoneGroup {
  /** "Europe"; empty for those of no continent. */
  name: string
  zones: string[]
}

const ELSEWHERE = ''

/** Returns all zones that are known, and `also`, which may be none of them. */
export function zoneGroups(known: readonly string[], also: readonly string[]): ZoneGroup[] {
  const groups = new Map<string, Set<string>>()
  for (const zone of [...known, ...also]) {
    const slash = zone.indexOf('/')
    const name = slash === -1 ? ELSEWHERE : zone.slice(0, slash)
    const zones = groups.get(name)
    if (zones === undefined) groups.set(name, new Set([zone]))
    else zones.add(zone)
  }
  return [...groups]
    .map(([name, zones]) => ({ name, zones: [...zones].sort() }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Returns a zone as it is read: "America/Argentina/San Juan". */
export function zoneName(zone: string): string {
  return zone.replaceAll('_', ' ')
}

/** Returns the zones that this browser knows. */
export function knownZones(): string[] {
  const { supportedValuesOf } = Intl as { supportedValuesOf?: (key: 'timeZone') => string[] }
  return supportedValuesOf?.('timeZone') ?? []
}
