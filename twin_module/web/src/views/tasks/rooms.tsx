/** The rooms where one may write, to choose from. */

import { roomName } from '../../parts/names'
import { t } from '../../texts/texts'
import { writableRooms } from './acts'

/** `chosen` is the one that is chosen at first, `but` one that is left out. */
export function RoomOptions({ chosen, but }: { chosen?: string; but?: string }) {
  const { collections, others } = writableRooms()
  const option = ({ room_id }: { room_id: string }) =>
    room_id !== but && (
      <option key={room_id} value={room_id} selected={room_id === chosen}>
        {roomName(room_id)}
      </option>
    )
  return (
    <>
      {collections.map(option)}
      {others.some((room) => room.room_id !== but) && (
        <optgroup label={t('tasks.other-rooms')}>{others.map(option)}</optgroup>
      )}
    </>
  )
}
