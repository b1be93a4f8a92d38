/** Whose invitations the twin accepts without asking. */

import { Loading } from '../../parts/loading'
import { t } from '../../texts/texts'
import { ChosenPeople } from './chosen-people'
import { Part } from './part'
import { Switch } from './switch'
import { changeWishes, type WishesProps } from './wishes'

export function Invitations({ loaded, again }: WishesProps) {
  return (
    <Part of="invitations">
      <p>{t('settings.invitations.text')}</p>
      <Loading of={loaded} again={again}>
        {(wishes) => (
          <>
            <Switch
              on={wishes.accept_from_circles}
              label={t('settings.invitations.circles')}
              means={t('settings.invitations.circles-means')}
              onSwitch={async (accept_from_circles) => {
                await changeWishes(() => ({ accept_from_circles }))
                again()
              }}
            />
            <ChosenPeople
              of="invitations"
              ids={wishes.accept_from}
              onChange={async (to) => {
                await changeWishes(({ accept_from }) => ({ accept_from: to(accept_from) }))
                again()
              }}
            />
          </>
        )}
      </Loading>
    </Part>
  )
}
