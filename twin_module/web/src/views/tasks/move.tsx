/** Moves a task with its parts to another list. */

import { Dialog } from '../../parts/dialog'
import { say } from '../../parts/frame'
import { Field, Form, text } from '../../parts/form'
import { roomName } from '../../parts/names'
import { t } from '../../texts/texts'
import { command } from '../../twin/api'
import { twin } from '../../twin/twin'
import type { Place } from '../../twin/types'
import { CAPABILITY, short } from './acts'
import { RoomOptions } from './rooms'
import type { Task } from './task'

interface MoveProps {
  task: Task
  onClose: () => void
  onMoved?: (place: Place) => void
}

export function MoveDialog({ task, onClose, onMoved }: MoveProps) {
  const { object } = task
  const move = async (data: FormData): Promise<void> => {
    const to = text(data, 'to')
    await command(CAPABILITY, 'move', { room_id: object.room_id, uid: object.uid, to_room_id: to })
    say(t('tasks.said.moved', { title: short(task.title), room: roomName(to) }))
    onMoved?.({ ...object, room_id: to })
    onClose()
  }
  return (
    <Dialog title={t('tasks.move')} onClose={onClose}>
      {twin.outbox.isWaiting(object) ? (
        <p class="note warn">{t('tasks.move.waiting')}</p>
      ) : (
        <Form submit={t('tasks.move.do')} onSubmit={move} onCancel={onClose}>
          <Field label={t('tasks.move.to')} hint={t('tasks.move.hint')}>
            {(ids) => (
              <select {...ids} name="to" required>
                <RoomOptions but={object.room_id} />
              </select>
            )}
          </Field>
        </Form>
      )}
    </Dialog>
  )
}
