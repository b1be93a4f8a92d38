/** Versions that wait to be merged. What shows them is fetched only when there is one. */

import { Later, later } from '../../parts/later'
import { useRead } from '../../parts/loading'
import { get } from '../../twin/api'
import { twin } from '../../twin/twin'

const Proposals = later(async () => (await import('../history/proposals')).Proposals)

export function Merges() {
  const [loaded] = useRead(() => get<{ proposals: unknown[] }>('proposals', { limit: 1 }), [twin.conflicts.value])
  if (loaded.state !== 'there' || loaded.value.proposals.length === 0) return null
  return (
    <Later>
      <Proposals />
    </Later>
  )
}
