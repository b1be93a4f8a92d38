/** The members of a circle, and what can be done about each. */

import { useState } from 'preact/hooks'
import { Do } from '../../parts/do'
import { useSome } from '../../parts/some'
import { say } from '../../parts/frame'
import { Avatar, nameOf } from '../../parts/names'
import { t } from '../../texts/texts'
import { add, ChangeMember, TakeOut } from './change-member'
import type { InCircle } from './members'
import { MatrixId, PersonName } from './pieces'
import { roleSaid, said } from './said'

interface Props {
  circle: string
  members: readonly InCircle[]
  manages: boolean
}

export function Members({ circle, members, manages }: Props) {
  const [open, setOpen] = useState<{ what: 'change' | 'out'; member: InCircle }>()
  const [some, more] = useSome(members)
  const close = (): void => setOpen(undefined)
  return (
    <>
      <ul class="list">
        {some.map((each) => (
          <li key={each.user_id} class="member">
            <Avatar id={each.user_id} />
            <div class="grow">
              <p>
                <PersonName id={each.user_id} />
              </p>
              <p>
                <MatrixId id={each.user_id} />
              </p>
            </div>
            <span class="marks">
              {each.membership !== 'join' && <span class="chip warn">{t(`circle.membership.${each.membership}`)}</span>}
              <span class="chip">{roleSaid(each.role)}</span>
            </span>
            {manages && each.declared && (
              <Doings
                circle={circle}
                member={each}
                onChange={() => setOpen({ what: 'change', member: each })}
                onOut={() => setOpen({ what: 'out', member: each })}
              />
            )}
          </li>
        ))}
      </ul>
      {members.length < 2 && <p class="soft">{t('circle.no-members')}</p>}
      {more}
      {open?.what === 'change' && <ChangeMember circle={circle} member={open.member} onClose={close} />}
      {open?.what === 'out' && <TakeOut circle={circle} member={open.member} onClose={close} />}
    </>
  )
}

interface DoingsProps {
  circle: string
  member: InCircle
  onChange: () => void
  onOut: () => void
}

function Doings({ circle, member, onChange, onOut }: DoingsProps) {
  const name = said(nameOf(member.user_id))
  async function askAgain(): Promise<void> {
    await add(circle, member.user_id, member.role)
    say(t('circle.asked-again', { name }))
  }
  return (
    <span class="actions no-print">
      {member.membership === 'leave' && (
        <Do label={t('circle.ask-again-this', { name })} onDo={askAgain}>
          {t('circle.ask-again')}
        </Do>
      )}
      <button type="button" class="quiet" aria-label={t('circle.change-this', { name })} onClick={onChange}>
        {t('circle.change')}
      </button>
      <button type="button" class="quiet" aria-label={t('circle.remove-this', { name })} onClick={onOut}>
        {t('circle.remove-short')}
      </button>
    </span>
  )
}
