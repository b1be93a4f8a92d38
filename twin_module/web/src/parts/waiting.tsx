/** What waits to be sent. */

import { CloudUpload } from 'lucide-preact'
import { ago } from '../dates'
import { t } from '../texts/texts'
import type { Write } from '../twin/outbox'
import { twin } from '../twin/twin'
import { Icon } from './icons'
import { roomName, Text } from './names'

const SHOWN = 50

/** What could not be sent yet, and a way to try at once. */
export function Stuck() {
  const writes = twin.outbox.waiting.value
  if (writes.length === 0) return <p role="status">{t('waiting.none')}</p>
  return (
    <>
      <p class="soft">{t('waiting.text')}</p>
      <WaitingWrites writes={writes} />
      <div class="actions">
        <button type="button" onClick={twin.outbox.hurry}>
          {t('again')}
        </button>
      </div>
    </>
  )
}

/** Writes that wait, oldest first. */
export function WaitingWrites({ writes }: { writes: readonly Write[] }) {
  return (
    <ul class="list waiting">
      {writes.slice(0, SHOWN).map((each) => (
        <li key={each.id} class="row">
          <Icon of={CloudUpload} />
          <div class="grow">
            <Text of={each.title} />
            <p class="soft small">
              {t(kindOf(each))}
              {twin.rooms.value.has(each.place.room_id) && (
                <>
                  {' · '}
                  <bdi>{roomName(each.place.room_id)}</bdi>
                </>
              )}
              {' · '}
              {ago(each.at)}
            </p>
          </div>
        </li>
      ))}
      {writes.length > SHOWN && <li class="soft">{t('waiting.more', { count: writes.length - SHOWN })}</li>}
    </ul>
  )
}

function kindOf({ what }: Write): 'waiting.make' | 'waiting.change' | 'waiting.remove' {
  if ('make' in what) return 'waiting.make'
  return 'change' in what ? 'waiting.change' : 'waiting.remove'
}
