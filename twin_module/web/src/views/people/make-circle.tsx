/** Making a circle, with its first members. */

import { useRef, useState } from 'preact/hooks'
import { Plus, X } from 'lucide-preact'
import { Dialog } from '../../parts/dialog'
import { Form, text } from '../../parts/form'
import { Icon } from '../../parts/icons'
import { t } from '../../texts/texts'
import { command, Refused } from '../../twin/api'
import { NameAndTopic } from '../collections/make'
import { readCircle } from './current'
import { asMatrixId, MatrixIdInput } from './matrix-id-input'
import { RoleSelect } from './pieces'

export function MakeCircle({ onMade, onClose }: { onMade: (roomId: string) => void; onClose: () => void }) {
  const [rows, setRows] = useState<readonly number[]>([0])
  const inputs = useRef<HTMLUListElement>(null)

  function more(): void {
    setRows([...rows, Math.max(-1, ...rows) + 1])
    requestAnimationFrame(() => focus(rows.length))
  }

  function drop(row: number): void {
    setRows(rows.filter((each) => each !== row))
    requestAnimationFrame(() => focus(Math.min(rows.indexOf(row), rows.length - 2)))
  }

  function focus(place: number): void {
    inputs.current?.querySelectorAll('input')[place]?.focus()
  }

  function members(data: FormData): Record<string, string> {
    const typed = data.getAll('member').map((each) => String(each).trim())
    const roles = data.getAll('member-role').map(String)
    const named = new Map<string, string>()
    typed.forEach((id, place) => {
      if (id === '') return
      try {
        if (named.has(asMatrixId(id))) throw new Refused(400, 'M_INVALID_PARAM', t('matrix-id.twice'))
      } catch (error) {
        focus(place)
        throw error
      }
      named.set(id, roles[place] ?? 'editor')
    })
    return Object.fromEntries(named)
  }

  async function make(data: FormData): Promise<void> {
    const purpose = text(data, 'topic')
    const made = await command<{ room_id: string }>('circles', 'create', {
      name: text(data, 'name'),
      ...(purpose === '' ? {} : { purpose }),
      members: members(data),
    })
    await readCircle(made.room_id)
    onMade(made.room_id)
  }

  return (
    <Dialog title={t('circle.make')} onClose={onClose}>
      <Form submit={t('create')} onSubmit={make} onCancel={onClose}>
        <NameAndTopic of="circle" />
        <fieldset class="stack tight">
          <legend class="label">{t('circle.members')}</legend>
          <p class="soft small">
            {t('circle.matrix-id.hint')} {t('circle.members.hint')}
          </p>
          <ul ref={inputs} class="stack tight">
            {rows.map((row, place) => (
              <li key={row} class="new-member">
                <MatrixIdInput name="member" label={t('circle.member', { count: place + 1 })} />
                <RoleSelect name="member-role" label={t('circle.member-role', { count: place + 1 })} />
                <button
                  type="button"
                  class="quiet icon-only"
                  aria-label={t('circle.member-drop', { count: place + 1 })}
                  onClick={() => drop(row)}
                >
                  <Icon of={X} />
                </button>
              </li>
            ))}
          </ul>
          <div>
            <button type="button" onClick={more}>
              <Icon of={Plus} />
              {t('circle.member-more')}
            </button>
          </div>
        </fieldset>
      </Form>
    </Dialog>
  )
}
