/** Leaving a room, after it was said what that means. */

import { Dialog } from '../../parts/dialog'
import { Form } from '../../parts/form'
import { say } from '../../parts/frame'
import { roomName } from '../../parts/names'
import { t } from '../../texts/texts'
import { path, post } from '../../twin/api'
import type { Room } from '../../twin/types'
import { said } from '../people/said'

export function Leave({ room, onLeft, onClose }: { room: Room; onLeft: () => void; onClose: () => void }) {
  const name = said(roomName(room.room_id))
  const means =
    room.kind === 'circle' ? t('leave.circle') : room.role === 'owner' ? t('leave.own') : t('leave.shared')

  async function leave(): Promise<void> {
    await post(path('collections', room.room_id, 'leave'))
    say(t('leave.left', { name }))
    onLeft()
  }

  return (
    <Dialog title={t('leave.title', { name })} onClose={onClose}>
      <Form submit={t('leave.do')} onSubmit={leave} onCancel={onClose}>
        <p>{means}</p>
      </Form>
    </Dialog>
  )
}
