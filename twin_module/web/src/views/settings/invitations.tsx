/** Whose invitations the twin accepts without asking. */

import { useState } from 'preact/hooks'
import { Do } from '../../parts/do'
import { useSome } from '../../parts/some'
import { Field, Form, sentence, text } from '../../parts/form'
import { say } from '../../parts/frame'
import { Loading, useCurrent } from '../../parts/loading'
import { Avatar, Name } from '../../parts/names'
import { t } from '../../texts/texts'
import { call, get } from '../../twin/api'
import { asMatrixId, MatrixIdInput } from '../people/matrix-id-input'
import { focusPart, Part } from './part'

interface Wishes {
  accept_from: string[]
  accept_from_circles: boolean
}

const FEW = 50

export function Invitations() {
  const [loaded, again] = useCurrent(() => get<Wishes>('settings'), [])
  return (
    <Part of="invitations">
      <p>{t('settings.invitations.text')}</p>
      <Loading of={loaded} again={again}>
        {(wishes) => <Wanted wishes={wishes} onChanged={again} />}
      </Loading>
    </Part>
  )
}

function Wanted({ wishes, onChanged }: { wishes: Wishes; onChanged: () => void }) {
  const [happened, setHappened] = useState('')
  const [some, more] = useSome(wishes.accept_from, FEW)

  /** Changes what is wished now, which another window may have changed. */
  async function change(to: (current: Wishes) => Wishes): Promise<void> {
    await call<Wishes>('PUT', 'settings', { body: to(await get<Wishes>('settings')) })
    onChanged()
  }

  async function add(data: FormData): Promise<void> {
    const id = asMatrixId(text(data, 'id'))
    await change((current) => ({ ...current, accept_from: [...new Set([...current.accept_from, id])] }))
    setHappened(t('settings.invitations.added', { id }))
  }

  async function takeOut(id: string): Promise<void> {
    await change((current) => ({ ...current, accept_from: current.accept_from.filter((each) => each !== id) }))
    setHappened(t('settings.invitations.taken-out', { id }))
    focusPart('invitations')
  }

  return (
    <>
      <label class="check">
        <input
          type="checkbox"
          checked={wishes.accept_from_circles}
          onChange={({ currentTarget }) => {
            const accept_from_circles = currentTarget.checked
            change((current) => ({ ...current, accept_from_circles })).then(
              () => setHappened(t('settings.saved')),
              (error: unknown) => {
                currentTarget.checked = wishes.accept_from_circles
                say(sentence(error), { bad: true })
              },
            )
          }}
        />
        <span>
          {t('settings.invitations.circles')}
          <br />
          <span class="soft small">{t('settings.invitations.circles-means')}</span>
        </span>
      </label>
      <div class="stack tight">
        <h3>{t('settings.invitations.people')}</h3>
        <p class="soft small">{t('settings.invitations.people-means')}</p>
        {wishes.accept_from.length === 0 && <p>{t('settings.invitations.nobody')}</p>}
        <ul class="list">
          {some.map((id) => (
            <li key={id} class="session">
              <Avatar id={id} />
              <span class="grow">
                <Name id={id} withId />
              </span>
              <Do label={t('settings.invitations.take-out-this', { id })} onDo={() => takeOut(id)}>
                {t('settings.invitations.take-out')}
              </Do>
            </li>
          ))}
        </ul>
        {more}
      </div>
      <p role="status">{happened}</p>
      <Form key={wishes.accept_from.join()} submit={t('settings.invitations.add')} onSubmit={add}>
        <Field label={t('circle.matrix-id')} hint={t('settings.invitations.add-hint')}>
          {(ids) => <MatrixIdInput {...ids} name="id" />}
        </Field>
      </Form>
    </>
  )
}
