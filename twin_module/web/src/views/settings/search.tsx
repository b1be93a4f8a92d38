/** What search looks through beside objects. */

import { Loading } from '../../parts/loading'
import { t } from '../../texts/texts'
import { Part } from './part'
import { Switch } from './switch'
import { changeWishes, type WishesProps } from './wishes'

export function Search({ loaded, again }: WishesProps) {
  return (
    <Part of="search">
      <Loading of={loaded} again={again}>
        {({ search_chats }) => (
          <Switch
            on={search_chats}
            label={t('settings.search.chats')}
            means={t('settings.search.chats-means')}
            onSwitch={async (search_chats) => {
              await changeWishes(() => ({ search_chats }))
              again()
            }}
          />
        )}
      </Loading>
    </Part>
  )
}
