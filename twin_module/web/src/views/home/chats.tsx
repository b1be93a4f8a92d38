/** Where messages wait to be read; each opens in the person's Matrix client. */

import { ago } from '../../dates'
import { useSome } from '../../parts/some'
import { safeAddress } from '../../parts/addresses'
import { Avatar, nameOf, Text } from '../../parts/names'
import { t } from '../../texts/texts'
import { twin } from '../../twin/twin'
import type { Chat } from '../../twin/types'

const SHOWN = 5

export function Chats({ now }: { now: Date }) {
  const chats = twin.chats.value
  const [some, more] = useSome(chats, SHOWN)
  if (chats.length === 0) return null
  return (
    <section class="card" aria-labelledby="home-chats">
      <h2 id="home-chats">{t('home.chats')}</h2>
      <ul class="list">
        {some.map((each) => (
          <li key={each.room_id} class="row news">
            <Unread chat={each} now={now} />
          </li>
        ))}
      </ul>
      {more}
      <p class="soft small">{t('home.chats.hint')}</p>
    </section>
  )
}

function Unread({ chat, now }: { chat: Chat; now: Date }) {
  const address = safeAddress(chat.uri)
  const names = chat.with.map(nameOf).join(', ')
  return (
    <>
      <Avatar id={chat.with[0] ?? chat.room_id} />
      <div class="grow">
        {address === undefined ? (
          <Text of={chat.name} />
        ) : (
          <a href={address} title={address} rel="noopener noreferrer nofollow" class="title">
            <Text of={chat.name} />
          </a>
        )}
        <p class="soft small">
          {names !== '' && names !== chat.name && (
            <>
              {t('home.chats.with')} <Text of={names} />
              {' · '}
            </>
          )}
          {ago(chat.last_ts, now.getTime())}
        </p>
      </div>
      <span class={`chip ${chat.highlights > 0 ? 'accent' : ''}`}>{t('home.chats.unread', { count: chat.unread })}</span>
    </>
  )
}
