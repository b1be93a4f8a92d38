/** Versions that lost against others and that nobody has merged: to accept or to dismiss. */

import { useState } from 'preact/hooks'
import { Link } from 'wouter-preact'
import { ago } from '../../dates'
import { useSome } from '../../parts/some'
import { sentence } from '../../parts/form'
import { say } from '../../parts/frame'
import { useRead } from '../../parts/loading'
import { Name, roomName, Text } from '../../parts/names'
import { places } from '../../places'
import { t } from '../../texts/texts'
import { get, path, post, Refused } from '../../twin/api'
import { keyOf } from '../../twin/shelf'
import { twin } from '../../twin/twin'
import type { Place } from '../../twin/types'
import { Differences } from './differences'
import type { Version } from './told'
import './history.css'

type Proposal = Version & Place
/** So many pages of proposals are read; nobody looks through more. */
const MOST_PAGES = 10
const SHOWN = 10

/** The proposals of one object, or of all. Shows nothing where there are none. */
export function Proposals({ place }: { place?: Place | undefined }) {
  const key = place === undefined ? '' : keyOf(place)
  const [loaded, again] = useRead(() => readProposals(), [twin.conflicts.value, key])
  const all = loaded.state === 'there' ? loaded.value : []
  const proposals = all.filter((each) => place === undefined || keyOf(each) === key)
  const [some, more] = useSome(proposals, SHOWN)
  if (proposals.length === 0) return null
  return (
    <section class="card proposals" aria-labelledby="proposals">
      <h2 id="proposals">{t('history.proposals', { count: proposals.length })}</h2>
      <p class="soft">{t('history.proposals-text')}</p>
      <ul class="list">
        {some.map((each) => (
          <li key={each.event_id}>
            <One proposal={each} named={place === undefined} onDone={again} />
          </li>
        ))}
      </ul>
      {more}
    </section>
  )
}

async function readProposals(): Promise<Proposal[]> {
  const found: Proposal[] = []
  let from: string | undefined
  for (let number = 0; number < MOST_PAGES; number++) {
    const page: { proposals: Proposal[]; next_batch?: string } = await get('proposals', { limit: 100, from })
    found.push(...page.proposals)
    from = page.next_batch
    if (from === undefined) break
  }
  return found
}

function One({ proposal, named, onDone }: { proposal: Proposal; named: boolean; onDone: () => void }) {
  return (
    <div class="stack tight">
      <p>
        {named && (
          <>
            <Link href={places.history(proposal)}>
              <Text of={proposal.title ?? proposal.uid} />
            </Link>
            {', '}
            <bdi>{roomName(proposal.room_id)}</bdi>
            {', '}
          </>
        )}
        {proposal.sender !== null && <Name id={proposal.sender} />} {proposal.time !== null && ago(proposal.time)}
      </p>
      {proposal.why !== undefined && <p class="soft small">{t(`history.why.${proposal.why}`)}</p>}
      {proposal.changes !== undefined && <Differences capability={proposal.capability} changes={proposal.changes} />}
      <Decide eventId={proposal.event_id} onDone={onDone} />
    </div>
  )
}

export function Decide({ eventId, onDone }: { eventId: string; onDone: () => void }) {
  const [busy, setBusy] = useState(false)
  async function decide(how: 'accept' | 'dismiss'): Promise<void> {
    if (busy) return
    setBusy(true)
    try {
      await post(path('proposals', eventId, how))
      say(t(`history.${how}-done`))
    } catch (error) {
      const gone = error instanceof Refused && error.status === 404
      say(gone ? t('history.decided-meanwhile') : sentence(error), { bad: true })
    } finally {
      setBusy(false)
      onDone()
    }
  }
  return (
    <div class="actions">
      <button type="button" aria-disabled={busy} onClick={() => void decide('accept')}>
        {t('history.accept')}
      </button>
      <button type="button" class="quiet" aria-disabled={busy} onClick={() => void decide('dismiss')}>
        {t('history.dismiss')}
      </button>
    </div>
  )
}
