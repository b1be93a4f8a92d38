/** Finding a time for several people: their twins are asked when they are busy, and a slot is picked. */

import { useEffect, useRef, useState } from 'preact/hooks'
import { CircleHelp, Ban } from 'lucide-preact'
import { here, timeOfDay } from '../../dates'
import { Field, Form } from '../../parts/form'
import { Icon } from '../../parts/icons'
import { clean, Name } from '../../parts/names'
import { useSome } from '../../parts/some'
import { currentLocale, t } from '../../texts/texts'
import { post, Refused } from '../../twin/api'
import { plusDays, type Day } from './days'
import { GuestsField, hasUntaken, isNobody, type Guests } from './guests-field'
import { byDay, MOST_DAYS, MOST_PEOPLE, question, unknown, USUAL, type Asked, type Found, type Slot } from './slots'
import { WeekdaysField } from './weekdays-field'
import { fullDay } from './words'

interface FindTimeProps {
  guests: Guests
  /** How long it takes, in minutes. */
  minutes: number
  today: Day
  onGuests: (guests: Guests) => void
  onPick: (start: Date, end: Date) => void
  onCancel: () => void
}

const LENGTHS = [15, 30, 45, 60, 90, 120, 180, 240]
const USUAL_DAYS = 14
const FEW = 20

export function FindTime({ guests, minutes, today, onGuests, onPick, onCancel }: FindTimeProps) {
  const [asked, setAsked] = useState<Omit<Asked, 'people' | 'circle'>>(() => ({
    minutes,
    first: today,
    last: plusDays(today, USUAL_DAYS - 1),
    ...USUAL,
  }))
  const [found, setFound] = useState<Found>()
  const heading = useRef<HTMLHeadingElement>(null)
  const results = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  useEffect(() => results.current?.focus(), [found])
  const change = (more: Partial<typeof asked>): void => setAsked({ ...asked, ...more })
  const lengths = [...new Set([...LENGTHS, minutes])].filter((each) => each > 0).sort((a, b) => a - b)

  async function find(data: FormData): Promise<void> {
    if (hasUntaken(data)) throw new Refused(400, 'M_INVALID_PARAM', t('agenda.guests.untaken'))
    if (isNobody(guests)) throw new Refused(400, 'M_MISSING_PARAM', t('agenda.find.nobody'))
    setFound(undefined)
    setFound(await post<Found>('free-slots', question({ ...asked, ...guests }, here(), plusDays(asked.last, 1))))
  }

  return (
    <section class="stack find-time" aria-labelledby="find-time">
      <h3 id="find-time" ref={heading} tabIndex={-1}>
        {t('agenda.find')}
      </h3>
      <p class="soft small">{t('agenda.find.text')}</p>
      <Form submit={t('agenda.find.do')} onSubmit={find} onCancel={onCancel}>
        <GuestsField label={t('agenda.find.with')} guests={guests} most={MOST_PEOPLE} onGuests={onGuests} />
        <Field label={t('agenda.find.length')}>
          {(ids) => (
            <select {...ids} onChange={({ currentTarget }) => change({ minutes: Number(currentTarget.value) })}>
              {lengths.map((each) => (
                <option key={each} value={each} selected={each === asked.minutes}>
                  {lengthSaid(each)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <div class="row from-until">
          <Field label={t('agenda.find.first')}>
            {(ids) => (
              <input
                {...ids}
                type="date"
                required
                min={today}
                value={asked.first}
                onInput={({ currentTarget }) => change({ first: currentTarget.value })}
              />
            )}
          </Field>
          <Field label={t('agenda.find.last')}>
            {(ids) => (
              <input
                {...ids}
                type="date"
                required
                min={asked.first}
                max={asked.first === '' ? undefined : plusDays(asked.first, MOST_DAYS - 1)}
                value={asked.last}
                onInput={({ currentTarget }) => change({ last: currentTarget.value })}
              />
            )}
          </Field>
        </div>
        <WeekdaysField
          label={t('agenda.find.weekdays')}
          days={asked.weekdays}
          onDays={(weekdays) => change({ weekdays })}
        />
        <div class="row from-until">
          {(['from', 'until'] as const).map((end) => (
            <Field key={end} label={t(`agenda.find.${end}`)}>
              {(ids) => (
                <input
                  {...ids}
                  type="time"
                  required
                  value={asked[end]}
                  onInput={({ currentTarget }) => change({ [end]: currentTarget.value.slice(0, 5) })}
                />
              )}
            </Field>
          ))}
        </div>
      </Form>
      {found && (
        <div class="stack tight">
          <h4 ref={results} tabIndex={-1}>
            {t('agenda.find.found', { count: found.slots.length })}
          </h4>
          <Unknown found={found} />
          <Slots of={found.slots} onPick={onPick} />
        </div>
      )}
    </section>
  )
}

/** Returns how long something takes: "1 hour, 30 minutes". */
function lengthSaid(minutes: number): string {
  const said = (count: number, unit: 'hour' | 'minute'): string =>
    new Intl.NumberFormat(currentLocale(), { style: 'unit', unit, unitDisplay: 'long' }).format(count)
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60]
  return [...(hours > 0 ? [said(hours, 'hour')] : []), ...(rest > 0 ? [said(rest, 'minute')] : [])].join(', ')
}

/** Says of whom nothing is known: the slots do not hold for them. */
function Unknown({ found }: { found: Found }) {
  const others = unknown(found)
  const [some, more] = useSome(others, FEW)
  if (others.length === 0) return <p class="small soft">{t('agenda.find.all-known')}</p>
  return (
    <div class="note warn stack tight">
      <p>{t('agenda.find.unknown', { count: others.length })}</p>
      <ul class="stack tight">
        {some.map(([id, { state, reason }]) => (
          <li key={id} class="row">
            <Icon of={state === 'refused' ? Ban : CircleHelp} />
            <span class="grow">
              <Name id={id} />: {t(`agenda.find.${state === 'refused' ? 'refused' : 'not-known'}`)}{' '}
              <span class="small">
                <bdi>{clean(reason ?? '')}</bdi>
              </span>
            </span>
          </li>
        ))}
      </ul>
      {more}
    </div>
  )
}

function Slots({ of, onPick }: { of: readonly Slot[]; onPick: FindTimeProps['onPick'] }) {
  const clocks = new Intl.DateTimeFormat(currentLocale(), { timeStyle: 'short' })
  return (
    <div class="slots stack tight">
      {byDay(of).map(([day, slots]) => (
        <section key={day} class="stack tight" aria-labelledby={`slots-${day}`}>
          <h5 id={`slots-${day}`}>{fullDay(day)}</h5>
          <ul class="row wrap">
            {slots.map((slot) => {
              const [start, end] = [new Date(slot.start), new Date(slot.end)]
              return (
                <li key={slot.start}>
                  <button
                    type="button"
                    aria-label={t('agenda.find.take', { day: fullDay(day), time: clocks.formatRange(start, end) })}
                    onClick={() => onPick(start, end)}
                  >
                    {timeOfDay(start)}
                  </button>
                </li>
              )
            })}
          </ul>
        </section>
      ))}
    </div>
  )
}

