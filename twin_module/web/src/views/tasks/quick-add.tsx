/** Adding a task: type what is to be done, Enter, and the next one. */

import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { Plus } from 'lucide-preact'
import { Icon } from '../../parts/icons'
import { t } from '../../texts/texts'
import type { Content } from '../../twin/types'
import { addTask, writableRooms } from './acts'
import { RoomOptions } from './rooms'

const LAST_ROOM = 'twin-tasks-room'
export const LONGEST_TITLE = 1000

interface QuickAddProps {
  /** The room that it goes to; without one, a person chooses. */
  roomId?: string | undefined
  /** The uid of the task that it is a part of. */
  parent?: string
  label: string
  /** What else a new task has. */
  more?: readonly Content[]
  onClose?: () => void
}

export function QuickAdd({ roomId, parent, label, more = [], onClose }: QuickAddProps) {
  const input = useRef<HTMLInputElement>(null)
  const [chosen, choose] = useState(() => localStorage.getItem(LAST_ROOM) ?? '')
  useLayoutEffect(() => {
    if (onClose) input.current?.focus()
  }, [])
  const { collections, others } = writableRooms()
  const rooms = [...collections, ...others]
  const into = roomId ?? rooms.find((room) => room.room_id === chosen)?.room_id ?? rooms[0]?.room_id
  if (into === undefined) return <p class="note">{t('tasks.no-room')}</p>
  const add = (event: Event): void => {
    event.preventDefault()
    const title = input.current?.value.trim() ?? ''
    if (title !== '') addTask(into, title, parent, ...more)
    if (input.current) input.current.value = ''
    input.current?.focus()
  }
  return (
    <form
      class="quick-add no-print"
      onSubmit={add}
      onKeyDown={(event) => event.key === 'Escape' && onClose?.()}
      onFocusOut={(event) => {
        const stays = event.relatedTarget instanceof Node && event.currentTarget.contains(event.relatedTarget)
        if (!stays && input.current?.value === '') onClose?.()
      }}
    >
      <input
        ref={input}
        aria-label={label}
        placeholder={label}
        maxLength={LONGEST_TITLE}
        enterkeyhint="done"
        autocomplete="off"
      />
      {roomId === undefined && (
        <select
          aria-label={t('tasks.into')}
          onChange={({ currentTarget }) => {
            localStorage.setItem(LAST_ROOM, currentTarget.value)
            choose(currentTarget.value)
          }}
        >
          <RoomOptions chosen={into} />
        </select>
      )}
      <button type="submit" class="main">
        <Icon of={Plus} />
        {t('tasks.add.do')}
      </button>
    </form>
  )
}
