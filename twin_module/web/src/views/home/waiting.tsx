/** What could not be sent yet. */

import { Stuck } from '../../parts/waiting'
import { t } from '../../texts/texts'
import { twin } from '../../twin/twin'

export function Waiting() {
  if (!twin.outbox.stuck.value || twin.outbox.waiting.value.length === 0) return null
  return (
    <section class="card stack tight" aria-labelledby="home-waiting">
      <h2 id="home-waiting">{t('waiting.title')}</h2>
      <Stuck />
    </section>
  )
}
