/** Passwords for calendar and contacts apps: making one, which is shown this once, and taking one back. */

import { useEffect, useRef, useState } from 'preact/hooks'
import { Smartphone } from 'lucide-preact'
import { dayName } from '../../dates'
import { CopyButton } from '../../parts/copy'
import { Field, Form, text } from '../../parts/form'
import { Empty, Loading, useCurrent } from '../../parts/loading'
import { clean, Text } from '../../parts/names'
import { useSome } from '../../parts/some'
import { Sure } from '../../parts/sure'
import { t } from '../../texts/texts'
import { call, get, path, post } from '../../twin/api'
import { said } from '../people/said'
import { focusPart, Part } from './part'

interface AppPassword {
  id: string
  name: string
  created_ts: number
  /** To the day. */
  last_used_ts: number | null
}

interface Account {
  username: string
  /** Of CalDAV and CardDAV on this server. */
  path: string
}

type Made = AppPassword & Account & { password: string }

const FEW = 20
const LONGEST_NAME = 100

export function CalendarApps() {
  const [loaded, again] = useCurrent(() => get<Account & { app_passwords: AppPassword[] }>('app-passwords'), [])
  const [made, setMade] = useState<Made>()
  const [happened, setHappened] = useState('')

  async function make(data: FormData): Promise<void> {
    setHappened('')
    setMade(await post<Made>('app-passwords', { name: text(data, 'name') }))
    again()
  }

  async function takeBack(each: AppPassword): Promise<void> {
    await call('DELETE', path('app-passwords', each.id))
    if (made?.id === each.id) setMade(undefined)
    setHappened(t('settings.calendar-apps.taken-back', { name: said(each.name) }))
    again()
    focusPart('calendar-apps')
  }

  return (
    <Part of="calendar-apps">
      <p>{t('settings.calendar-apps.text')}</p>
      {made && <Shown key={made.id} made={made} onClose={() => (setMade(undefined), focusPart('calendar-apps'))} />}
      <p role="status">{happened}</p>
      <Loading of={loaded} again={again}>
        {({ app_passwords }) => <List passwords={app_passwords} onTakeBack={takeBack} />}
      </Loading>
      <Form key={made?.id} submit={t('settings.calendar-apps.make')} onSubmit={make}>
        <Field label={t('settings.calendar-apps.name')} hint={t('settings.calendar-apps.name-hint')}>
          {(ids) => (
            <input {...ids} name="name" required maxLength={LONGEST_NAME} pattern=".*\S.*" autocomplete="off" />
          )}
        </Field>
      </Form>
    </Part>
  )
}

/** What is typed into the app; the password is not to be had again. */
function Shown({ made, onClose }: { made: Made; onClose: () => void }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  const { host, origin } = location
  const rows = [
    { name: 'server', value: host },
    { name: 'address', value: `${origin}${made.path}` },
    { name: 'user', value: made.username },
    { name: 'password', value: made.password },
  ] as const
  return (
    <section class="note stack tight" aria-labelledby="app-password">
      <h3 id="app-password" ref={heading} tabIndex={-1}>
        {t('settings.calendar-apps.made', { name: said(made.name) })}
      </h3>
      <p>{t('settings.calendar-apps.once')}</p>
      <dl class="account">
        {rows.map(({ name, value }) => (
          <div key={name}>
            <dt>{t(`settings.calendar-apps.${name}`)}</dt>
            <dd class="command">
              <pre tabIndex={0} dir="ltr">
                <code>{value}</code>
              </pre>
              <CopyButton
                text={value}
                label={t(`settings.calendar-apps.copy-${name}`)}
                main={name === 'password'}
              />
            </dd>
          </div>
        ))}
      </dl>
      <div class="actions end">
        <button type="button" onClick={onClose}>
          {t('settings.calendar-apps.noted')}
        </button>
      </div>
    </section>
  )
}

interface ListProps {
  passwords: readonly AppPassword[]
  onTakeBack: (password: AppPassword) => Promise<void>
}

function List({ passwords, onTakeBack }: ListProps) {
  const [some, more] = useSome(passwords, FEW)
  if (passwords.length === 0) {
    return (
      <Empty icon={Smartphone}>
        <p>{t('settings.calendar-apps.none')}</p>
      </Empty>
    )
  }
  return (
    <>
      <ul class="list">
        {some.map((each) => (
          <li key={each.id} class="session">
            <div class="grow">
              <p>
                <strong>
                  <Text of={clean(each.name)} />
                </strong>
              </p>
              <p class="soft small">
                {t('settings.calendar-apps.since', { day: dayName(new Date(each.created_ts)) })}
                {' · '}
                {each.last_used_ts === null
                  ? t('settings.calendar-apps.unused')
                  : t('settings.calendar-apps.used', { day: dayName(new Date(each.last_used_ts)) })}
              </p>
            </div>
            <Sure
              label={t('settings.calendar-apps.take-back-this', { name: said(each.name) })}
              means={t('settings.calendar-apps.take-back-means')}
              sure={t('settings.calendar-apps.take-back-now')}
              onDo={() => onTakeBack(each)}
            >
              {t('settings.calendar-apps.take-back')}
            </Sure>
          </li>
        ))}
      </ul>
      {more}
    </>
  )
}
