/** What can be done with an event beside changing it: guests, a file of it, calling it off, removing it. */

import { CalendarX2, Download, Trash2, UserPlus } from 'lucide-preact'
import { Do } from '../../parts/do'
import { fileName, offer } from '../../parts/download'
import { Icon } from '../../parts/icons'
import { t } from '../../texts/texts'
import { ask, path } from '../../twin/api'
import { CAPABILITY, type CalendarEvent } from './event'

interface MoreToDoProps {
  event: CalendarEvent
  mayWrite: boolean
  onInvite: () => void
  onCancel: () => void
  onRemove: () => void
}

export function MoreToDo({ event, mayWrite, onInvite, onCancel, onRemove }: MoreToDoProps) {
  return (
    <>
      {mayWrite && event.status !== 'cancelled' && (
        <button type="button" onClick={onInvite}>
          <Icon of={UserPlus} />
          {t('agenda.guests.invite')}
        </button>
      )}
      <Do label={t('agenda.file-means')} onDo={() => download(event)}>
        <Icon of={Download} />
        {t('agenda.file')}
      </Do>
      {mayWrite && event.status !== 'cancelled' && (
        <button type="button" onClick={onCancel}>
          <Icon of={CalendarX2} />
          {t('agenda.cancel')}
        </button>
      )}
      {mayWrite && (
        <button type="button" class="bad" onClick={onRemove}>
          <Icon of={Trash2} />
          {t('remove')}
        </button>
      )}
    </>
  )
}

/** Saves the event as a file that any calendar app takes, to be sent to people without a twin. */
async function download({ object, title }: CalendarEvent): Promise<void> {
  const where = path('rooms', object.room_id, CAPABILITY, object.uid, 'calendar.ics')
  offer(await (await ask('GET', where)).blob(), fileName('event', title, 'ics'))
}
