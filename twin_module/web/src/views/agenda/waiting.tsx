/** Events that wait for the owner's answer, each to be answered right here. */

import { useState } from 'preact/hooks'
import { CalendarClock } from 'lucide-preact'
import { Link } from 'wouter-preact'
import { Icon } from '../../parts/icons'
import { Avatar, nameOf, roomName, Text } from '../../parts/names'
import { useSome } from '../../parts/some'
import { places } from '../../places'
import { t } from '../../texts/texts'
import { said } from '../people/said'
import { OwnAnswer } from './answer'
import { guestsOf, placesOf } from './details'
import { CAPABILITY } from './event'
import type { Occurrence } from './occurrence'
import { occurrenceSaid } from './words'

const FEW = 5

export function Waiting({ found }: { found: readonly Occurrence[] }) {
  // What was just answered goes at once; the twin tells it a moment later.
  const [answered, setAnswered] = useState<{ of: readonly Occurrence[]; keys: readonly string[] }>({ of: found, keys: [] })
  const gone = answered.of === found ? answered.keys : []
  const all = found.filter((each) => !gone.includes(keyOf(each)))
  const [some, more] = useSome(all, FEW)
  if (all.length === 0) return null
  return (
    <section class="card waiting-events" aria-labelledby="waiting-events">
      <h2 id="waiting-events" tabIndex={-1}>
        {t('agenda.waiting')}
      </h2>
      <ul class="list">
        {some.map((each) => (
          <Line
            key={keyOf(each)}
            of={each}
            onAnswered={() => {
              setAnswered({ of: found, keys: [...gone, keyOf(each)] })
              document.getElementById('waiting-events')?.focus()
            }}
          />
        ))}
      </ul>
      {more}
    </section>
  )
}

function keyOf({ room_id, uid }: Occurrence): string {
  return `${room_id}\n${uid}`
}

function Line({ of, onAnswered }: { of: Occurrence; onAnswered: () => void }) {
  const { room_id, uid, content } = of
  const title = typeof content.title === 'string' ? content.title : uid
  const owner = guestsOf(content).find(({ owns }) => owns)
  const place = placesOf(content)[0]?.name
  return (
    <li class="waiting-event">
      {owner && <Avatar id={owner.id} />}
      <div class="grow">
        <p>
          <Link href={places.object({ room_id, capability: CAPABILITY, uid })}>
            <strong>
              <Text of={title} />
            </strong>
          </Link>
        </p>
        <p class="small soft">
          {owner && owner.id.startsWith('@') && (
            <>
              {t('agenda.waiting.by', { name: said(nameOf(owner.id)) })}
              {' · '}
            </>
          )}
          <Text of={roomName(room_id)} />
        </p>
        <p class="small">
          <Icon of={CalendarClock} /> {occurrenceSaid(of)}
          {place !== undefined && (
            <>
              {', '}
              <Text of={place} />
            </>
          )}
        </p>
      </div>
      <OwnAnswer place={of} title={title} given={of.answer} onAnswered={onAnswered} />
    </li>
  )
}
