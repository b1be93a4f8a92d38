/** Where messages wait to be read; each opens in the person's Matrix client. */

import { ago } from '../../dates'
import { useSome } from '../../parts/some'
import { safeAddress } from '../../parts/addresses'
import { useRead } from '../../parts/loading'
import { Avatar, nameOf, Text } from '../../parts/names'
import { t } from '../../texts/texts'
import { get } from '../../twin/api'
import { twin } from '../../twin/twin'
import type { Chat } from '../../twin/types'
import type { Status } from '../settings/judged'

const SHOWN = 5

export function Chats({ now }: { now: Date }) {
  const chats = twin.chats.value
  const [some, more] = useSome(chats, SHOWN)
  const voice = useVoice(chats)
  if (chats.length === 0) return null
  return (
    <section class="card" aria-labelledby="home-chats">
      <h2 id="home-chats">{t('home.chats')}</h2>
      <ul class="list">
        {some.map((each) => (
          <li key={each.room_id} class="row news">
            <Unread chat={each} now={now} ofTwin={voice !== undefined && isWith(each, voice)} />
          </li>
        ))}
      </ul>
      {more}
      <p class="soft small">{t('home.chats.hint')}</p>
    </section>
  )
}

/** Returns who speaks for the twin, where somebody of its own server wrote to the owner alone. */
function useVoice(chats: readonly Chat[]): string | undefined {
  const server = twin.owner.value.replace(/^[^:]*/, '')
  const may = chats.some(({ with: [first] }) => first?.endsWith(server) === true)
  const [status] = useRead(async () => (may ? get<Status>('status') : undefined), [may])
  const voice = status.state === 'there' ? status.value?.voice : undefined
  return voice?.problem === null ? voice.user_id : undefined
}

const isWith = (chat: Chat, person: string): boolean =>
  chat.direct && chat.with.length === 1 && chat.with[0] === person

interface UnreadProps {
  chat: Chat
  now: Date
  /** Whether it is the chat of the owner and their twin. */
  ofTwin: boolean
}

function Unread({ chat, now, ofTwin }: UnreadProps) {
  const address = safeAddress(chat.uri)
  const name = ofTwin ? t('home.chats.twin') : chat.name
  const names = ofTwin ? '' : chat.with.map(nameOf).join(', ')
  return (
    <>
      <Avatar id={chat.with[0] ?? chat.room_id} />
      <div class="grow">
        {address === undefined ? (
          <Text of={name} />
        ) : (
          <a href={address} title={address} rel="noopener noreferrer nofollow" class="title">
            <Text of={name} />
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
