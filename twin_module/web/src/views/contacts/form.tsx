/** The form of a contact, with the usual fields; what else stands in a card stays as it is. */

import { useState } from 'preact/hooks'
import { Field, Form, text } from '../../parts/form'
import { currentLocale, t } from '../../texts/texts'
import { Refused } from '../../twin/api'
import { wrongWith } from '../people/matrix-id'
import type { PartialDate } from './card'
import { isNothing, linesOf, type Draft } from './draft'

const LONGEST = 2000
const LONGEST_LIST = 20_000
const LONGEST_NOTE = 20_000
const MONTHS = Array.from({ length: 12 }, (_, at) => at + 1)

interface ContactFormProps {
  submit: string
  draft: Draft
  onSubmit: (draft: Draft) => Promise<void>
  onCancel: () => void
}

export function ContactForm({ submit, draft, onSubmit, onCancel }: ContactFormProps) {
  const send = async (data: FormData): Promise<void> => {
    const filled: Draft = {
      name: text(data, 'name'),
      organization: text(data, 'organization'),
      emails: linesOf(text(data, 'emails')).join('\n'),
      phones: linesOf(text(data, 'phones')).join('\n'),
      matrixIds: linesOf(text(data, 'matrixIds')).map(matrixId).join('\n'),
      address: text(data, 'address'),
      birthday: birthdayIn(data),
      note: text(data, 'note'),
    }
    if (isNothing(filled)) throw new Refused(400, 'M_MISSING_PARAM', t('contacts.nothing'))
    await onSubmit(filled)
  }
  return (
    <Form submit={submit} onSubmit={send} onCancel={onCancel}>
      <Field label={t('contacts.name')}>
        {(ids) => (
          <input {...ids} name="name" autofocus maxLength={LONGEST} defaultValue={draft.name} autocomplete="off" />
        )}
      </Field>
      <Field label={t('contacts.organization')}>
        {(ids) => (
          <input {...ids} name="organization" maxLength={LONGEST} defaultValue={draft.organization} autocomplete="off" />
        )}
      </Field>
      {(['emails', 'phones', 'matrixIds'] as const).map((field) => (
        <Field key={field} label={t(`contacts.${field}`)} hint={t('contacts.lines')}>
          {(ids) => (
            <textarea
              {...ids}
              name={field}
              class="short"
              rows={1}
              dir="ltr"
              maxLength={LONGEST_LIST}
              defaultValue={draft[field]}
              autocapitalize="none"
              spellcheck={false}
            />
          )}
        </Field>
      ))}
      <Field label={t('contacts.address')}>
        {(ids) => (
          <textarea {...ids} name="address" class="short" rows={2} maxLength={LONGEST} defaultValue={draft.address} />
        )}
      </Field>
      <Birthday of={draft.birthday} />
      <Field label={t('contacts.note')}>
        {(ids) => <textarea {...ids} name="note" class="short" rows={2} maxLength={LONGEST_NOTE} defaultValue={draft.note} />}
      </Field>
    </Form>
  )
}

function matrixId(typed: string): string {
  // The owner may stand in an address book too.
  const wrong = wrongWith(typed, '')
  if (wrong !== undefined) throw new Refused(400, 'M_INVALID_PARAM', t(`matrix-id.${wrong}`))
  return typed
}

/** Day, month and year; who does not know the year leaves it empty. */
interface NumberOfDateProps {
  name: string
  label: string
  max: number
  value: number | undefined
  required?: boolean
}

function NumberOfDate({ label, value, ...rest }: NumberOfDateProps) {
  return (
    <input
      {...rest}
      type="number"
      inputMode="numeric"
      aria-label={label}
      placeholder={label}
      min={1}
      defaultValue={value === undefined ? '' : String(value)}
    />
  )
}

function Birthday({ of }: { of: PartialDate | undefined }) {
  const [month, setMonth] = useState(of?.month)
  const names = new Intl.DateTimeFormat(currentLocale(), { month: 'long', timeZone: 'UTC' })
  return (
    <fieldset class="field birthday">
      <legend class="label">{t('contacts.birthday')}</legend>
      <div class="row wrap">
        <NumberOfDate
          name="birth-day"
          label={t('contacts.birthday.day')}
          max={31}
          value={of?.day}
          required={month !== undefined}
        />
        <select
          name="birth-month"
          aria-label={t('contacts.birthday.month')}
          onChange={({ currentTarget }) => setMonth(Number(currentTarget.value) || undefined)}
        >
          <option value="">{t('contacts.birthday.month')}</option>
          {MONTHS.map((each) => (
            <option key={each} value={each} selected={each === of?.month}>
              {names.format(Date.UTC(2000, each - 1, 15))}
            </option>
          ))}
        </select>
        <NumberOfDate name="birth-year" label={t('contacts.birthday.year')} max={9999} value={of?.year} />
      </div>
      <span class="hint">{t('contacts.birthday.hint')}</span>
    </fieldset>
  )
}

function birthdayIn(data: FormData): PartialDate | undefined {
  const part = (name: string): number | undefined => Number(text(data, `birth-${name}`)) || undefined
  const [year, month, day] = [part('year'), part('month'), part('day')]
  if (year === undefined && month === undefined && day === undefined) return undefined
  if (day !== undefined && month === undefined) {
    throw new Refused(400, 'M_INVALID_PARAM', t('contacts.birthday.no-month'))
  }
  return { year, month, day }
}
