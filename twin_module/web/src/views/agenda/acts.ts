/** What a person does to an event: written at once, said, and undone by a click. */

import { here } from '../../dates'
import { say } from '../../parts/frame'
import { t } from '../../texts/texts'
import { twin } from '../../twin/twin'
import { bare } from '../objects/declared'
import { sent } from '../objects/sent'
import { short } from '../tasks/acts'
import { undone } from '../tasks/changes'
import { changed, newEvent, type Draft, type Times } from './draft'
import { CAPABILITY, type CalendarEvent } from './event'

/** Makes an event; throws the twin's refusal. */
export async function make(roomId: string, draft: Draft, times: Times): Promise<void> {
  const content = newEvent(draft, times, here())
  await sent(() => twin.outbox.make(roomId, CAPABILITY, twin.typeOf(CAPABILITY), content))
  say(t('agenda.made', { title: short(draft.title) }))
}

/** Changes what differs from how the event was when its form opened; throws the twin's refusal. */
export async function change(event: CalendarEvent, draft: Draft, times: Times): Promise<void> {
  const fields = changed(event, draft, times, here())
  if (Object.keys(fields).length === 0) return
  const { object } = event
  const back = undone(object.content, fields)
  await sent(() => twin.outbox.change(object, fields))
  say(t('agenda.changed', { title: short(draft.title) }), {
    action: { label: t('undo'), run: () => twin.outbox.change({ ...object, title: draft.title }, back) },
  })
}

export function remove({ object }: CalendarEvent): void {
  twin.outbox.remove(object)
  say(t('objects.removed', { title: short(object.title) }), {
    action: {
      label: t('undo'),
      run: () => {
        twin.outbox.make(object.room_id, CAPABILITY, object.type, bare(object.content), object.uid)
      },
    },
  })
}
