/** Another name or purpose for a circle, and its end. */

import { Dialog } from '../../parts/dialog'
import { Form, text } from '../../parts/form'
import { say } from '../../parts/frame'
import { roomName } from '../../parts/names'
import { t } from '../../texts/texts'
import { command } from '../../twin/api'
import type { Room } from '../../twin/types'
import { NameAndTopic } from '../collections/make'
import { readCircle } from './current'
import { said } from './said'

interface Props {
  room: Room
  onClose: () => void
}

export function EditCircle({ room, onClose }: Props) {
  async function save(data: FormData): Promise<void> {
    const wanted = { name: text(data, 'name'), purpose: text(data, 'topic') }
    if (wanted.name !== (room.name ?? '') || wanted.purpose !== (room.topic ?? '')) {
      await command('circles', 'change', { room_id: room.room_id, ...wanted })
      await readCircle(room.room_id)
    }
    onClose()
  }
  return (
    <Dialog title={t('circle.edit')} onClose={onClose}>
      <Form submit={t('save')} onSubmit={save} onCancel={onClose}>
        <NameAndTopic of="circle" name={room.name ?? ''} topic={room.topic ?? ''} />
      </Form>
    </Dialog>
  )
}

export function EndCircle({ room, onClose }: Props) {
  const name = said(roomName(room.room_id))
  async function end(): Promise<void> {
    await command('circles', 'dissolve', { room_id: room.room_id })
    say(t('circle.dissolved', { name }))
    onClose()
  }
  return (
    <Dialog title={t('circle.dissolve.title', { name })} onClose={onClose}>
      <Form submit={t('circle.dissolve')} onSubmit={end} onCancel={onClose}>
        <p>{t('circle.dissolve.means')}</p>
      </Form>
    </Dialog>
  )
}
