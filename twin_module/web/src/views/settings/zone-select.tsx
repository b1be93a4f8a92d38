/** A choice of time zones, by continent. */

import { t } from '../../texts/texts'
import { here } from '../../dates'
import { knownZones, zoneGroups, zoneName } from './zones'

interface ZoneSelectProps {
  id?: string
  'aria-describedby'?: string
  'aria-label'?: string
  name?: string
  value: string
  /** What stands for no zone, where there may be none. */
  none: string
  onZone: (zone: string) => void
}

export function ZoneSelect({ value, none, onZone, ...rest }: ZoneSelectProps) {
  const also = [here(), 'UTC', ...(value === '' ? [] : [value])]
  return (
    <select {...rest} value={value} onChange={({ currentTarget }) => onZone(currentTarget.value)}>
      <option value="" selected={value === ''}>
        {none}
      </option>
      {zoneGroups(knownZones(), also).map(({ name, zones }) => (
        <optgroup key={name} label={name === '' ? t('zones.other') : zoneName(name)}>
          {zones.map((zone) => (
            <option key={zone} value={zone} selected={zone === value}>
              {zoneName(zone)}
            </option>
          ))}
        </optgroup>
      ))}
    </select>
  )
}
