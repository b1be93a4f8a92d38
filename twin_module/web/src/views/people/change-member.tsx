/** Who belongs to a circle: adding somebody, another role, taking out. */

import { useRef } from 'preact/hooks'
import { Dialog } from '../../parts/dialog'
import { Field, Form, text } from '../../parts/form'
import { say } from '../../parts/frame'
import { Loading } from '../../parts/loading'
import { nameOf, Text } from '../../parts/names'
import { t } from '../../texts/texts'
import { command } from '../../twin/api'
import type { Role } from '../../twin/types'
import { usePerson } from './current'
import { asMatrixId, MatrixIdInput } from './matrix-id-input'
import type { InCircle } from './members'
import { focusHeading, MatrixId, RoleSelect } from './pieces'
import { without, type Reach } from './reach'
import { roleSaid, said } from './said'

/** Adds somebody to a circle or gives them another role; who had left is asked again. */
export async function add(circle: string, userId: string, role: Role): Promise<void> {
  await command('circles', 'add', { room_id: circle, user_id: userId, role })
}

export function AddMember({ circle, onClose }: { circle: string; onClose: () => void }) {
  const around = useRef<HTMLDivElement>(null)
  async function send(data: FormData): Promise<void> {
    const typed = text(data, 'member')
    try {
      await add(circle, asMatrixId(typed), text(data, 'role') as Role)
    } catch (error) {
      around.current?.querySelector('input')?.focus()
      throw error
    }
    say(t('circle.added', { name: typed }))
    onClose()
  }
  return (
    <Dialog title={t('circle.add.title')} onClose={onClose}>
      <div ref={around}>
        <Form submit={t('circle.add')} onSubmit={send} onCancel={onClose}>
          <Field label={t('circle.matrix-id')} hint={t('circle.matrix-id.hint')}>
            {(ids) => <MatrixIdInput {...ids} name="member" />}
          </Field>
          <Field label={t('circle.role')}>{(ids) => <RoleSelect {...ids} name="role" />}</Field>
        </Form>
      </div>
    </Dialog>
  )
}

interface MemberProps {
  circle: string
  member: InCircle
  onClose: () => void
}

export function ChangeMember({ circle, member, onClose }: MemberProps) {
  const name = said(nameOf(member.user_id))
  async function change(data: FormData): Promise<void> {
    const role = text(data, 'role') as Role
    if (role !== member.role) {
      await add(circle, member.user_id, role)
      say(t('circle.changed', { name, role: roleSaid(role) }))
    }
    onClose()
  }
  return (
    <Dialog title={t('circle.change.title', { name })} onClose={onClose}>
      <Form submit={t('save')} onSubmit={change} onCancel={onClose}>
        <p>
          <MatrixId id={member.user_id} />
        </p>
        <Field label={t('circle.role')}>{(ids) => <RoleSelect {...ids} name="role" value={member.role} />}</Field>
      </Form>
    </Dialog>
  )
}

/** Takes somebody out, after it was said what they lose by it and what they keep. */
export function TakeOut({ circle, member, onClose }: MemberProps) {
  const name = said(nameOf(member.user_id))
  const [person, again] = usePerson(member.user_id)
  async function take(): Promise<void> {
    await command('circles', 'remove', { room_id: circle, user_id: member.user_id })
    say(t('circle.removed', { name }))
    onClose()
    focusHeading()
  }
  return (
    <Dialog title={t('circle.remove.title', { name })} onClose={onClose}>
      <p>
        <MatrixId id={member.user_id} />
      </p>
      <Loading of={person} again={again}>
        {(found) => {
          const { lost, kept } = without(found?.reaches ?? [], circle)
          return (
            <Form submit={t('circle.remove')} onSubmit={take} onCancel={onClose}>
              {lost.length === 0 ? (
                <p>{t('circle.remove.loses-nothing', { name })}</p>
              ) : (
                <div class="note warn stack tight">
                  <Named of={lost} says={t('circle.remove.loses', { name })} />
                  <p>{t('circle.remove.means')}</p>
                </div>
              )}
              {kept.length > 0 && <Named of={kept} says={t('circle.remove.keeps', { name })} />}
            </Form>
          )
        }}
      </Loading>
    </Dialog>
  )
}

function Named({ of, says }: { of: readonly Reach[]; says: string }) {
  return (
    <div>
      <p>{says}</p>
      <ul class="bullets">
        {of.map((each) => (
          <li key={each.room_id}>
            <Text of={each.name || t('room.unnamed')} />
          </li>
        ))}
      </ul>
    </div>
  )
}
