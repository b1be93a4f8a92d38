/** Where the owner is, and when their twin reminds them. */

import { useState } from 'preact/hooks'
import { here } from '../../dates'
import { Field, Form } from '../../parts/form'
import { Loading, useCurrent } from '../../parts/loading'
import { clean } from '../../parts/names'
import { t } from '../../texts/texts'
import { get } from '../../twin/api'
import type { Status } from './judged'
import { Part } from './part'
import { changeWishes, type Wishes, type WishesProps } from './wishes'
import { ZoneSelect } from './zone-select'
import { zoneName } from './zones'

const NIGHT = { from: '22:00', until: '07:00' }

export function Time({ loaded, again }: WishesProps) {
  const [saved, setSaved] = useState(false)
  const [status] = useCurrent(() => get<Status>('status'), [])
  const problem = status.state === 'there' ? status.value.voice?.problem : undefined
  return (
    <Part of="time">
      <p>{t('settings.time.text')}</p>
      {problem && <p class="note warn">{clean(problem)}</p>}
      <Loading of={loaded} again={again}>
        {(wishes) => (
          <Wanted
            key={JSON.stringify([wishes.time_zone, wishes.reminders, wishes.quiet_hours])}
            wishes={wishes}
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

interface WantedProps {
  wishes: Wishes
  onChange: () => void
  onSaved: () => void
}

function Wanted({ wishes, onChange, onSaved }: WantedProps) {
  const [zone, setZone] = useState(wishes.time_zone ?? '')
  const [reminders, setReminders] = useState(wishes.reminders)
  const [quiet, setQuiet] = useState(wishes.quiet_hours !== null)
  const [hours, setHours] = useState(wishes.quiet_hours ?? NIGHT)

  async function save(): Promise<void> {
    const quiet_hours = quiet ? hours : null
    await changeWishes(() => ({ time_zone: zone === '' ? null : zone, reminders, quiet_hours }))
    onSaved()
  }

  return (
    <Form submit={t('save')} onSubmit={save}>
      <div class="stack tight" onInput={onChange}>
        <Field label={t('settings.time.zone')} hint={t('settings.time.zone-hint')}>
          {(ids) => <ZoneSelect {...ids} value={zone} none={t('settings.time.no-zone')} onZone={setZone} />}
        </Field>
        {zone !== here() && (
          <div class="actions">
            <button
              type="button"
              onClick={() => {
                setZone(here())
                onChange()
              }}
            >
              {t('settings.time.here', { zone: zoneName(here()) })}
            </button>
          </div>
        )}
        <label class="check">
          <input
            type="checkbox"
            checked={reminders}
            onChange={({ currentTarget }) => setReminders(currentTarget.checked)}
          />
          <span>
            {t('settings.time.remind')}
            <br />
            <span class="soft small">{t('settings.time.remind-means')}</span>
          </span>
        </label>
        <label class="check">
          <input type="checkbox" checked={quiet} onChange={({ currentTarget }) => setQuiet(currentTarget.checked)} />
          <span>
            {t('settings.time.quiet')}
            <br />
            <span class="soft small">{t('settings.time.quiet-means')}</span>
          </span>
        </label>
        {quiet && (
          <div class="row from-until">
            {(['from', 'until'] as const).map((end) => (
              <Field key={end} label={t(`settings.time.quiet-${end}`)}>
                {(ids) => (
                  <input
                    {...ids}
                    type="time"
                    required
                    value={hours[end]}
                    onInput={({ currentTarget }) => setHours({ ...hours, [end]: currentTarget.value.slice(0, 5) })}
                  />
                )}
              </Field>
            ))}
          </div>
        )}
      </div>
    </Form>
  )
}
