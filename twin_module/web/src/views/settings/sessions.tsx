/** Where the owner is signed in, and signing out: at one place, here, or everywhere. */

import { useEffect, useState } from 'preact/hooks'
import { LogOut } from 'lucide-preact'
import { ago, fully } from '../../dates'
import { Do } from '../../parts/do'
import { useSome } from '../../parts/some'
import { Icon } from '../../parts/icons'
import { Loading, useCurrent } from '../../parts/loading'
import { clean, Text } from '../../parts/names'
import { Sure } from '../../parts/sure'
import { t } from '../../texts/texts'
import { call, get, path, post } from '../../twin/api'
import { twin } from '../../twin/twin'
import { said } from '../people/said'
import { focusPart, Part } from './part'

interface Session {
  device_id: string
  display_name: string | null
  last_seen_ts: number | null
  last_seen_ip: string | null
  current: boolean
}

const FEW = 20

/** How many documents hold what the twin does not have yet. */
function useUnsentDocuments(): number {
  const [count, setCount] = useState(0)
  const connected = twin.live.connected.value
  useEffect(() => void twin.kept.places(twin.owner.value).then((places) => setCount(places.length)), [connected])
  return count
}

export function Sessions() {
  const [loaded, again] = useCurrent(
    async () => (await get<{ sessions: Session[] }>('sessions')).sessions,
    [],
  )
  const [ended, setEnded] = useState('')
  const unsent = twin.outbox.waiting.value.length + useUnsentDocuments()
  const loses = unsent === 0 ? '' : ` ${t('settings.sessions.loses', { count: unsent })}`

  async function end(session: Session): Promise<void> {
    await call('DELETE', path('sessions', session.device_id))
    setEnded(t('settings.sessions.ended', { name: nameOf(session) }))
    again()
    focusPart('sessions')
  }

  async function everywhere(): Promise<void> {
    await post('sessions/sign-out')
    await twin.signOut()
  }

  return (
    <Part of="sessions">
      <div>
        <p>{t('settings.sessions.text')}</p>
        <p role="status">{ended}</p>
      </div>
      <Loading of={loaded} again={again}>
        {(sessions) => <List sessions={sessions} onEnd={end} />}
      </Loading>
      <div class="actions end with-line">
        {unsent === 0 ? (
          <Do onDo={() => twin.signOut()}>
            <Icon of={LogOut} />
            {t('settings.sessions.here')}
          </Do>
        ) : (
          <Sure means={loses.trim()} sure={t('settings.sessions.here-now')} onDo={() => twin.signOut()}>
            {t('settings.sessions.here')}
          </Sure>
        )}
        <Sure
          means={`${t('settings.sessions.everywhere-means')}${loses}`}
          sure={t('settings.sessions.everywhere-now')}
          onDo={everywhere}
        >
          {t('settings.sessions.everywhere')}
        </Sure>
      </div>
    </Part>
  )
}

function List({ sessions, onEnd }: { sessions: readonly Session[]; onEnd: (session: Session) => Promise<void> }) {
  const ordered = [...sessions].sort((a, b) => Number(b.current) - Number(a.current))
  const [some, more] = useSome(ordered, FEW)
  return (
    <>
      <ul class="list">
        {some.map((session) => (
          <li key={session.device_id} class="session">
            <div class="grow">
              <p>
                <strong>
                  <Text of={nameOf(session)} />
                </strong>{' '}
                {session.current && <span class="chip accent">{t('settings.sessions.this')}</span>}
              </p>
              <p class="soft small">
                <Seen session={session} />
              </p>
            </div>
            {!session.current && (
              <Sure
                label={t('settings.sessions.end-this', { name: said(nameOf(session)) })}
                means={t('settings.sessions.end-means')}
                sure={t('settings.sessions.end-now')}
                onDo={() => onEnd(session)}
              >
                {t('settings.sessions.end')}
              </Sure>
            )}
          </li>
        ))}
      </ul>
      {more}
    </>
  )
}

function Seen({ session: { device_id, last_seen_ts, last_seen_ip } }: { session: Session }) {
  return (
    <>
      {last_seen_ts === null ? (
        t('settings.sessions.never-seen')
      ) : (
        <time datetime={new Date(last_seen_ts).toISOString()} title={fully(new Date(last_seen_ts))}>
          {t('settings.sessions.seen', { when: ago(last_seen_ts) })}
        </time>
      )}
      {last_seen_ip !== null && (
        <>
          {' · '}
          <bdi>{last_seen_ip}</bdi>
        </>
      )}
      {' · '}
      <bdi>{device_id}</bdi>
    </>
  )
}

const nameOf = ({ display_name }: Session): string => clean(display_name ?? '') || t('settings.sessions.unnamed')
