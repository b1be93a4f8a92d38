/** People that the owner names by their Matrix IDs: a list, taking one out, and adding one. */

import { useState } from 'preact/hooks'
import { Do } from '../../parts/do'
import { Field, Form, text } from '../../parts/form'
import { Avatar, Name } from '../../parts/names'
import { useSome } from '../../parts/some'
import { t } from '../../texts/texts'
import { asMatrixId, MatrixIdInput } from '../people/matrix-id-input'
import { focusPart, type PartName } from './part'

interface ChosenPeopleProps {
  /** Its texts begin with that. */
  of: Extract<PartName, 'invitations' | 'busy'>
  ids: readonly string[]
  onChange: (to: (ids: string[]) => string[]) => Promise<void>
}

const FEW = 50

export function ChosenPeople({ of, ids, onChange }: ChosenPeopleProps) {
  const [happened, setHappened] = useState('')
  const [some, more] = useSome(ids, FEW)

  async function add(data: FormData): Promise<void> {
    const id = asMatrixId(text(data, 'id'))
    await onChange((current) => [...new Set([...current, id])])
    setHappened(t(`settings.${of}.added`, { id }))
  }

  async function takeOut(id: string): Promise<void> {
    await onChange((current) => current.filter((each) => each !== id))
    setHappened(t(`settings.${of}.taken-out`, { id }))
    focusPart(of)
  }

  return (
    <>
      <div class="stack tight">
        <h3>{t(`settings.${of}.people`)}</h3>
        <p class="soft small">{t(`settings.${of}.people-means`)}</p>
        {ids.length === 0 && <p>{t(`settings.${of}.nobody`)}</p>}
        <ul class="list">
          {some.map((id) => (
            <li key={id} class="session">
              <Avatar id={id} />
              <span class="grow">
                <Name id={id} withId />
              </span>
              <Do label={t(`settings.${of}.take-out-this`, { id })} onDo={() => takeOut(id)}>
                {t(`settings.${of}.take-out`)}
              </Do>
            </li>
          ))}
        </ul>
        {more}
      </div>
      <p role="status">{happened}</p>
      <Form key={ids.join()} submit={t(`settings.${of}.add`)} onSubmit={add}>
        <Field label={t('circle.matrix-id')} hint={t(`settings.${of}.add-hint`)}>
          {(own) => <MatrixIdInput {...own} name="id" />}
        </Field>
      </Form>
    </>
  )
}
