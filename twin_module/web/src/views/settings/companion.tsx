/** How the twin speaks with its owner in their Matrix app, and when it gives a brief. */

import { useEffect, useState } from 'preact/hooks'
import { Field, Form } from '../../parts/form'
import { Loading, useCurrent } from '../../parts/loading'
import { clean } from '../../parts/names'
import { currentLocale, LANGUAGES, t, type Language } from '../../texts/texts'
import { get } from '../../twin/api'
import { chatAddress } from '../people/matrix-id'
import type { Status } from './judged'
import { Part } from './part'
import { changeWishes, DAYS, type Weekly, type Wishes, type WishesProps } from './wishes'

const BRIEF = '07:30'
const WEEKLY: Weekly = { day: 'monday', at: BRIEF }

type Brief = Pick<Wishes, 'language' | 'daily_brief' | 'weekly_brief'>

export function Companion({ loaded, again }: WishesProps) {
  const [saved, setSaved] = useState(false)
  return (
    <Part of="companion">
      <p>{t('settings.companion.text')}</p>
      <Voice />
      <Loading of={loaded} again={again}>
        {({ language, daily_brief, weekly_brief }) => (
          <Wanted
            wishes={{ language, daily_brief, weekly_brief }}
            onChange={() => setSaved(false)}
            onSaved={() => {
              setSaved(true)
              again()
            }}
          />
        )}
      </Loading>
      <p role="status">{saved && t('settings.saved')}</p>
    </Part>
  )
}

/** The way to the chat, or why there is none. */
function Voice() {
  const [status] = useCurrent(() => get<Status>('status'), [])
  const voice = status.state === 'there' ? status.value.voice : undefined
  if (voice === undefined) return null
  if (voice.problem) return <p class="note warn">{clean(voice.problem)}</p>
  return (
    <p>
      <a href={chatAddress(voice.user_id)} title={voice.user_id} rel="noopener noreferrer nofollow">
        {t('settings.companion.chat')}
      </a>
    </p>
  )
}

interface WantedProps {
  wishes: Brief
  onChange: () => void
  onSaved: () => void
}

function Wanted({ wishes, onChange, onSaved }: WantedProps) {
  const [language, setLanguage] = useState(wishes.language)
  const [daily, setDaily] = useState(wishes.daily_brief !== null)
  const [dailyAt, setDailyAt] = useState(wishes.daily_brief ?? BRIEF)
  const [weekly, setWeekly] = useState(wishes.weekly_brief !== null)
  const [week, setWeek] = useState(wishes.weekly_brief ?? WEEKLY)
  // What was changed elsewhere shows here too; the form stays, so that whoever saved keeps their place in it.
  useEffect(() => {
    setLanguage(wishes.language)
    setDaily(wishes.daily_brief !== null)
    setDailyAt((at) => wishes.daily_brief ?? at)
    setWeekly(wishes.weekly_brief !== null)
    setWeek((at) => wishes.weekly_brief ?? at)
  }, [JSON.stringify(wishes)])

  async function save(): Promise<void> {
    await changeWishes(() => ({
      language,
      daily_brief: daily ? dailyAt : null,
      weekly_brief: weekly ? week : null,
    }))
    onSaved()
  }

  return (
    <Form submit={t('save')} onSubmit={save}>
      <div class="stack" onInput={onChange}>
        <Field label={t('settings.companion.language')} hint={t('settings.companion.language-hint')}>
          {(ids) => (
            <select
              {...ids}
              value={language}
              onChange={({ currentTarget }) => setLanguage(currentTarget.value as Language)}
            >
              {(Object.keys(LANGUAGES) as Language[]).map((each) => (
                <option key={each} value={each} lang={each} selected={each === language}>
                  {LANGUAGES[each]}
                </option>
              ))}
            </select>
          )}
        </Field>
        <div class="stack tight">
          <Wish name="daily" on={daily} onTurn={setDaily} />
          {daily && (
            <div class="row from-until">
              <Time label={t('settings.companion.daily-at')} at={dailyAt} onTime={setDailyAt} />
            </div>
          )}
        </div>
        <div class="stack tight">
          <Wish name="weekly" on={weekly} onTurn={setWeekly} />
          {weekly && (
            <div class="row from-until">
              <Field label={t('settings.companion.weekly-day')}>
                {(ids) => (
                  <select
                    {...ids}
                    value={week.day}
                    onChange={({ currentTarget }) => setWeek({ ...week, day: currentTarget.value as Weekly['day'] })}
                  >
                    {DAYS.map((each) => (
                      <option key={each} value={each} selected={each === week.day}>
                        {daySaid(each)}
                      </option>
                    ))}
                  </select>
                )}
              </Field>
              <Time label={t('settings.companion.weekly-at')} at={week.at} onTime={(at) => setWeek({ ...week, at })} />
            </div>
          )}
        </div>
        {(daily || weekly) && <p class="soft small">{t('settings.companion.zone')}</p>}
      </div>
    </Form>
  )
}

interface WishProps {
  name: 'daily' | 'weekly'
  on: boolean
  onTurn: (on: boolean) => void
}

function Wish({ name, on, onTurn }: WishProps) {
  return (
    <label class="check">
      <input type="checkbox" checked={on} onChange={({ currentTarget }) => onTurn(currentTarget.checked)} />
      <span>
        {t(`settings.companion.${name}`)}
        <br />
        <span class="soft small">{t(`settings.companion.${name}-means`)}</span>
      </span>
    </label>
  )
}

function Time({ label, at, onTime }: { label: string; at: string; onTime: (at: string) => void }) {
  return (
    <Field label={label}>
      {(ids) => (
        <input
          {...ids}
          type="time"
          required
          value={at}
          onInput={({ currentTarget }) => onTime(currentTarget.value.slice(0, 5))}
        />
      )}
    </Field>
  )
}

/** Returns the name of a day of the week, as the person says it. */
function daySaid(day: Weekly['day']): string {
  // The first of January 2024 was a Monday.
  const date = new Date(Date.UTC(2024, 0, 1 + DAYS.indexOf(day)))
  return new Intl.DateTimeFormat(currentLocale(), { weekday: 'long', timeZone: 'UTC' }).format(date)
}
