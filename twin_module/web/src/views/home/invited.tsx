/** Events that wait for an answer. What shows them is fetched only when there is one. */

import { here } from '../../dates'
import { useHeard } from '../../parts/heard'
import { Later, later } from '../../parts/later'
import { useCurrent } from '../../parts/loading'
import { get } from '../../twin/api'
import { twin } from '../../twin/twin'
import type { Occurrence } from '../agenda/occurrence'

const Waiting = later(async () => (await import('../agenda/waiting')).Waiting)

export function Invited() {
  return twin.capability('agenda') === undefined ? null : <Asked />
}

function Asked() {
  const heard = useHeard('agenda')
  const [loaded] = useCurrent(
    async () => (await get<{ occurrences: Occurrence[] }>('agenda/invitations', { time_zone: here() })).occurrences,
    [heard],
  )
  if (loaded.state !== 'there' || loaded.value.length === 0) return null
  return (
    <Later>
      <Waiting found={loaded.value} />
    </Later>
  )
}
