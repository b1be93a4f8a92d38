/** The twin does not answer at the start. What was written before waits here, and is seen to wait. */

import { WifiOff } from 'lucide-preact'
import { useEffect, useState } from 'preact/hooks'
import { Icon } from '../parts/icons'
import { WaitingWrites } from '../parts/waiting'
import { t } from '../texts/texts'
import type { Write } from '../twin/outbox'
import { twin } from '../twin/twin'

const AGAIN_MS = 5000

export function Away() {
  const [waiting, setWaiting] = useState<readonly Write[]>([])
  const again = (): void => void twin.start()
  useEffect(() => {
    void twin.outbox.stored().then(setWaiting)
    addEventListener('online', again)
    const timer = setInterval(again, AGAIN_MS)
    return () => {
      removeEventListener('online', again)
      clearInterval(timer)
    }
  }, [])
  return (
    <main class="alone">
      <div class="stack">
        <div class="empty">
          <Icon of={WifiOff} />
          <h1>{t('away.title')}</h1>
          <p>{t('away.text')}</p>
          <button type="button" class="main" onClick={again}>
            {t('again')}
          </button>
        </div>
        {waiting.length > 0 && (
          <section class="card" aria-labelledby="away-waiting">
            <h2 id="away-waiting">{t('waiting.title')}</h2>
            <p class="soft">{t('waiting.kept')}</p>
            <WaitingWrites writes={waiting} />
          </section>
        )}
      </div>
    </main>
  )
}
