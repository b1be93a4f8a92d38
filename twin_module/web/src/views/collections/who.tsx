/** Who can see a room, and why. */

import { useSome } from '../../parts/some'
import { Dialog } from '../../parts/dialog'
import { Avatar } from '../../parts/names'
import { t } from '../../texts/texts'
import type { Member } from '../../twin/types'
import { MatrixId, PersonName } from '../people/pieces'
import { roleSaid, there, whySaid } from '../people/said'

export function Who({ members, onClose }: { members: readonly Member[]; onClose: () => void }) {
  const present = there(members)
  const [some, more] = useSome(present)
  return (
    <Dialog title={t('who.title')} onClose={onClose}>
      {present.length < 2 && <p class="note">{t('who.only-you')}</p>}
      <ul class="list">
        {some.map((each) => (
          <li key={each.user_id} class="member">
            <Avatar id={each.user_id} />
            <div class="grow">
              <p>
                <PersonName id={each.user_id} displayname={each.displayname} />
              </p>
              <p>
                <MatrixId id={each.user_id} />
              </p>
              <p class="small">{whySaid(each.because)}</p>
            </div>
            <span class="marks">
              {each.membership === 'invite' && <span class="chip warn">{t('who.invited')}</span>}
              <span class="chip">{roleSaid(each.role)}</span>
            </span>
          </li>
        ))}
      </ul>
      {more}
    </Dialog>
  )
}
