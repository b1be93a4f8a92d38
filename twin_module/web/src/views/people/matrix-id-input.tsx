/** Where somebody's Matrix ID is typed. */

import { useId, useState } from 'preact/hooks'
import { nameOf } from '../../parts/names'
import { t } from '../../texts/texts'
import { Refused } from '../../twin/api'
import { twin } from '../../twin/twin'
import { wrongWith } from './matrix-id'
import { isMeant } from './reach'

const OFFERED = 8

interface MatrixIdInputProps {
  name: string
  id?: string
  label?: string
  'aria-describedby'?: string
}

/** An input that offers those who are known here, by their names too. */
export function MatrixIdInput({ label, ...named }: MatrixIdInputProps) {
  const [typed, setTyped] = useState('')
  const list = useId()
  return (
    <>
      <input
        {...named}
        type="text"
        dir="ltr"
        list={list}
        maxLength={255}
        aria-label={label}
        placeholder="@ada:example.org"
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
      />
      <datalist id={list}>
        {known(typed).map((id) => (
          <option key={id} value={id}>
            {nameOf(id)}
          </option>
        ))}
      </datalist>
    </>
  )
}

function known(typed: string): string[] {
  if (typed.trim() === '') return []
  return [...twin.people.value.keys()].filter((id) => isMeant(typed, nameOf(id), id)).slice(0, OFFERED)
}

/** Takes a Matrix ID as somebody typed it, or says what is wrong with it. */
export function asMatrixId(typed: string): string {
  const wrong = wrongWith(typed, twin.owner.value)
  if (wrong !== undefined) throw new Refused(400, 'M_INVALID_PARAM', t(`matrix-id.${wrong}`))
  return typed
}
