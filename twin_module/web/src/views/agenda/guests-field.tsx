/** Whom to invite: people by their Matrix IDs, and a circle. */

import { useRef, useState } from 'preact/hooks'
import { Plus } from 'lucide-preact'
import { sentence } from '../../parts/form'
import { Icon } from '../../parts/icons'
import { Avatar, Name, nameOf, roomName } from '../../parts/names'
import { t } from '../../texts/texts'
import { twin } from '../../twin/twin'
import { asMatrixId, MatrixIdInput } from '../people/matrix-id-input'
import { TakeOut } from '../tasks/people'

export interface Guests {
  people: readonly string[]
  /** The room ID of a circle; empty for none. */
  circle: string
}

export const NOBODY: Guests = { people: [], circle: '' }

export function isNobody({ people, circle }: Guests): boolean {
  return people.length === 0 && circle === ''
}

interface GuestsFieldProps {
  label: string
  hint?: string
  guests: Guests
  /** How many people there may be. */
  most: number
  onGuests: (guests: Guests) => void
}

export function GuestsField({ label, hint, guests, most, onGuests }: GuestsFieldProps) {
  const box = useRef<HTMLDivElement>(null)
  const [problem, setProblem] = useState('')
  const circles = twin.circles.value
  const input = (): HTMLInputElement | null => box.current?.querySelector('input') ?? null

  /** Takes in what is typed; it is no form of its own, because it may stand in one. */
  function add(): void {
    const field = input()
    if (field === null || field.value.trim() === '') return
    try {
      const id = asMatrixId(field.value.trim())
      onGuests({ ...guests, people: [...new Set([...guests.people, id])] })
      setProblem('')
      field.value = ''
      field.dispatchEvent(new Event('input'))
    } catch (error) {
      setProblem(sentence(error))
    }
    field.focus()
  }

  return (
    <div class="field guests" role="group" aria-label={label} ref={box}>
      <span class="label" aria-hidden="true">
        {label}
      </span>
      {guests.people.length > 0 && (
        <ul class="chips" aria-label={label}>
          {guests.people.map((id) => (
            <li key={id} class="chip person">
              <Avatar id={id} small />
              <span class="clip">
                <Name id={id} />
              </span>
              <TakeOut
                label={t('agenda.guests.take-out', { name: nameOf(id) })}
                onClick={() => {
                  onGuests({ ...guests, people: guests.people.filter((each) => each !== id) })
                  input()?.focus()
                }}
              />
            </li>
          ))}
        </ul>
      )}
      {guests.people.length < most && (
        <div
          class="row"
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || !(event.target instanceof HTMLInputElement)) return
            event.preventDefault()
            add()
          }}
        >
          <MatrixIdInput name="guest" label={t('agenda.guests.id')} />
          <button type="button" aria-label={t('agenda.guests.add-this')} onClick={add}>
            <Icon of={Plus} />
            {t('agenda.guests.add')}
          </button>
        </div>
      )}
      <div role="alert">{problem !== '' && <p class="note bad">{problem}</p>}</div>
      {circles.length > 0 && (
        <select
          aria-label={t('agenda.guests.circle')}
          value={guests.circle}
          onChange={({ currentTarget }) => onGuests({ ...guests, circle: currentTarget.value })}
        >
          <option value="" selected={guests.circle === ''}>
            {t('agenda.guests.no-circle')}
          </option>
          {circles.map(({ room_id }) => (
            <option key={room_id} value={room_id} selected={guests.circle === room_id}>
              {t('agenda.guests.everyone-in', { name: roomName(room_id) })}
            </option>
          ))}
        </select>
      )}
      {hint !== undefined && <span class="hint">{hint}</span>}
    </div>
  )
}

/** Tells whether an ID was typed and not taken in yet, so that nobody is forgotten when the form is sent. */
export function hasUntaken(form: FormData): boolean {
  return String(form.get('guest') ?? '').trim() !== ''
}
