/** A proof of a version as a file, and what a stranger does with it. */

import { useState } from 'preact/hooks'
import { Download } from 'lucide-preact'
import { fileName, offer } from '../../parts/download'
import { sentence } from '../../parts/form'
import { say } from '../../parts/frame'
import { Icon } from '../../parts/icons'
import { t } from '../../texts/texts'
import { ask } from '../../twin/api'
import { twin } from '../../twin/twin'
import type { Place } from '../../twin/types'
import { where } from './dialogs'

export function Proof({ place }: { place: Place }) {
  const keys = Object.entries(twin.card.value?.verify_keys ?? {})
  return (
    <section class="card stack proof" aria-labelledby="proof">
      <h2 id="proof">{t('history.proof')}</h2>
      <p>{t('history.proof-text')}</p>
      <p>
        {t('history.proof-check')} <code>twin verify FILE</code>
      </p>
      <div class="actions">
        <ProofButton place={place} label={t('history.proof-download')} />
      </div>
      <div>
        <h3>{t('history.keys', { server: twin.card.value?.server_name ?? '' })}</h3>
        <p class="soft small">{t('history.keys-text')}</p>
        <ul class="rows">
          {keys.map(([id, { key }]) => (
            <li key={id}>
              <code>{id}</code> <code class="key">{key}</code>
            </li>
          ))}
        </ul>
      </div>
    </section>
  )
}

/** Downloads the proof of a version; without one, of the current version. */
export function ProofButton({
  place,
  eventId,
  label,
  describedBy,
}: {
  place: Place
  eventId?: string
  label: string
  describedBy?: string
}) {
  const [busy, setBusy] = useState(false)
  async function download(): Promise<void> {
    if (busy) return
    setBusy(true)
    try {
      const response = await ask('GET', where(place, 'proof'), { query: { event_id: eventId } })
      offer(await response.blob(), proofName(place))
    } catch (error) {
      say(sentence(error), { bad: true })
    } finally {
      setBusy(false)
    }
  }
  return (
    <button
      type="button"
      class={eventId === undefined ? '' : 'quiet'}
      aria-disabled={busy}
      aria-describedby={describedBy}
      onClick={() => void download()}
    >
      {busy ? <span class="busy" aria-hidden="true" /> : <Icon of={Download} />}
      {label}
    </button>
  )
}

/** Returns what the file with the proof of an object is called. */
function proofName(place: Place): string {
  return fileName('proof', twin.object(place)?.title ?? place.uid, 'json')
}
