/** When one is reminded of an event: those that there are, each to take out, and a choice of the usual ones. */

import { useRef } from 'preact/hooks'
import { Bell } from 'lucide-preact'
import { Icon } from '../../parts/icons'
import { t } from '../../texts/texts'
import { TakeOut } from '../tasks/people'
import { alertSaid } from './alert-words'
import { isFull, oneMore, USUAL, USUAL_OF_DAYS, type Alert } from './alerts'

interface AlertsFieldProps {
  alerts: readonly Alert[]
  wholeDay: boolean
  onAlerts: (alerts: readonly Alert[]) => void
}

export function AlertsField({ alerts, wholeDay, onAlerts }: AlertsFieldProps) {
  const select = useRef<HTMLSelectElement>(null)
  const usual: readonly string[] = wholeDay ? USUAL_OF_DAYS : USUAL
  const free = usual.filter((offset) => alerts.every((each) => each.offset !== offset))
  return (
    <div class="field">
      <span class="label" id="event-alerts">
        {t('agenda.field.alerts')}
      </span>
      {alerts.length > 0 && (
        <ul class="chips" aria-labelledby="event-alerts">
          {alerts.map(({ id, offset }) => (
            <li key={id} class="chip person">
              <Icon of={Bell} />
              {alertSaid(offset, wholeDay)}
              <TakeOut
                label={t('agenda.field.alerts.take-out', { when: alertSaid(offset, wholeDay) })}
                onClick={() => {
                  onAlerts(alerts.filter((each) => each.id !== id))
                  select.current?.focus()
                }}
              />
            </li>
          ))}
        </ul>
      )}
      {!isFull(alerts) && (
        <select
          ref={select}
          aria-label={t('agenda.field.alerts.add')}
          value=""
          onChange={({ currentTarget }) => {
            if (currentTarget.value !== '') onAlerts(oneMore(alerts, currentTarget.value))
            currentTarget.value = ''
          }}
        >
          <option value="">{t(alerts.length === 0 ? 'agenda.field.alerts.none' : 'agenda.field.alerts.add')}</option>
          {free.map((offset) => (
            <option key={offset} value={offset}>
              {alertSaid(offset, wholeDay)}
            </option>
          ))}
        </select>
      )}
      <span class="hint">{t('agenda.field.alerts.hint')}</span>
    </div>
  )
}
