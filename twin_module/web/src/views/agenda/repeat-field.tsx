/** How often an event comes again, and until when. */

import { useId } from 'preact/hooks'
import { Field } from '../../parts/form'
import { t } from '../../texts/texts'
import { FIRST_DAY, LAST_DAY, plusMonths, type Day } from './days'
import { FREQUENCIES, MOST_TIMES, type Frequency, type Repeat, type Rule } from './repeat'
import { WeekdaysField } from './weekdays-field'

interface RepeatFieldProps {
  repeat: Repeat
  /** The day on which it begins. */
  start: Day
  onRepeat: (repeat: Repeat) => void
}

const USUAL_COUNT = 10

export function RepeatField({ repeat, start, onRepeat }: RepeatFieldProps) {
  const chosen = typeof repeat === 'string' ? repeat : repeat.frequency
  const choose = (value: string): void => {
    const frequency = FREQUENCIES.find((each) => each === value)
    if (frequency === undefined) onRepeat(value === 'otherwise' ? 'otherwise' : 'never')
    else onRepeat(typeof repeat === 'string' ? newRule(frequency) : { ...repeat, frequency })
  }
  return (
    <>
      <Field label={t('agenda.field.repeat')}>
        {(ids) => (
          <select {...ids} value={chosen} onChange={({ currentTarget }) => choose(currentTarget.value)}>
            <option value="never" selected={chosen === 'never'}>
              {t('agenda.field.repeat.never')}
            </option>
            {chosen === 'otherwise' && (
              <option value="otherwise" selected>
                {t('agenda.field.repeat.otherwise')}
              </option>
            )}
            {FREQUENCIES.map((each) => (
              <option key={each} value={each} selected={each === chosen}>
                {t(`agenda.field.repeat.${each}`)}
              </option>
            ))}
          </select>
        )}
      </Field>
      {typeof repeat !== 'string' && <RuleFields rule={repeat} start={start} onRule={onRepeat} />}
    </>
  )
}

function newRule(frequency: Frequency): Rule {
  return { frequency, interval: 1, days: [], end: undefined }
}

function RuleFields({ rule, start, onRule }: { rule: Rule; start: Day; onRule: (rule: Rule) => void }) {
  const { frequency, interval, days, end } = rule
  const id = useId()
  const ends = end === undefined ? 'never' : 'until' in end ? 'until' : 'count'
  const chooseEnd = (value: string): void => {
    const wanted = value === 'until' ? { until: plusMonths(start, 3) } : value === 'count' ? { count: USUAL_COUNT } : undefined
    onRule({ ...rule, end: wanted })
  }
  return (
    <div class="rule stack tight" role="group" aria-label={t('agenda.field.repeat.how')}>
      <div class="field">
        <label for={`${id}-every`}>{t('agenda.field.repeat.every')}</label>
        <div class="row">
          <Count id={`${id}-every`} value={interval} onCount={(interval) => onRule({ ...rule, interval })} />
          <span class="grow">{t(`agenda.field.repeat.unit.${frequency}`, { count: interval })}</span>
        </div>
      </div>
      {frequency === 'weekly' && (
        <WeekdaysField
          label={t('agenda.field.repeat.on')}
          hint={t('agenda.field.repeat.on-hint')}
          days={days}
          onDays={(days) => onRule({ ...rule, days })}
        />
      )}
      <div class="field">
        <label for={`${id}-end`}>{t('agenda.field.repeat.end')}</label>
        <div class="row wrap">
          <select
            id={`${id}-end`}
            class="grow"
            value={ends}
            onChange={({ currentTarget }) => chooseEnd(currentTarget.value)}
          >
            {(['never', 'until', 'count'] as const).map((each) => (
              <option key={each} value={each} selected={each === ends}>
                {t(`agenda.field.repeat.end.${each}`)}
              </option>
            ))}
          </select>
          {end !== undefined && 'until' in end && (
            <input
              type="date"
              required
              class="grow"
              aria-label={t('agenda.field.repeat.last-day')}
              value={end.until}
              min={start || FIRST_DAY}
              max={LAST_DAY}
              onInput={({ currentTarget }) => onRule({ ...rule, end: { until: currentTarget.value } })}
            />
          )}
          {end !== undefined && 'count' in end && (
            <Count
              label={t('agenda.field.repeat.count')}
              value={end.count}
              onCount={(count) => onRule({ ...rule, end: { count } })}
            />
          )}
        </div>
      </div>
    </div>
  )
}

interface CountProps {
  id?: string
  label?: string
  value: number
  onCount: (count: number) => void
}

function Count({ id, label, value, onCount }: CountProps) {
  return (
    <input
      id={id}
      class="count"
      type="number"
      inputMode="numeric"
      required
      min={1}
      max={MOST_TIMES}
      step={1}
      aria-label={label}
      value={Number.isNaN(value) ? '' : value}
      onInput={({ currentTarget }) => onCount(currentTarget.valueAsNumber)}
    />
  )
}
