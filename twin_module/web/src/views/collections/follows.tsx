/** Says of a collection that it follows a calendar, where it does: what is written there by hand is not kept. */

import { t } from '../../texts/texts'
import { Standing, useSubscriptions } from './subscriptions'

export function Follows({ roomId }: { roomId: string }) {
  const [loaded, again] = useSubscriptions()
  const found = loaded.state === 'there' ? loaded.value.find((each) => each.room_id === roomId) : undefined
  if (found === undefined) return null
  return (
    <section class="note stack tight" aria-labelledby="follows">
      <h2 id="follows">{t('subscriptions.follows')}</h2>
      <p>{t('subscriptions.follows-means')}</p>
      <Standing of={found} again={again} />
    </section>
  )
}
