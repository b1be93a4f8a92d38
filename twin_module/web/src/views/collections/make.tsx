/** Making a collection, and giving one another name or purpose. */

import { Dialog } from '../../parts/dialog'
import { Field, Form, text } from '../../parts/form'
import { t } from '../../texts/texts'
import { call, path, post } from '../../twin/api'
import type { Room } from '../../twin/types'
import { takeIn } from '../people/current'

export function MakeCollection({ onMade, onClose }: { onMade: (room: Room) => void; onClose: () => void }) {
  async function make(data: FormData): Promise<void> {
    const topic = text(data, 'topic')
    const room = await post<Room>('collections', { name: text(data, 'name'), ...(topic === '' ? {} : { topic }) })
    takeIn(room)
    onMade(room)
  }
  return (
    <Dialog title={t('collections.make')} onClose={onClose}>
      <Form submit={t('create')} onSubmit={make} onCancel={onClose}>
        <NameAndTopic of="collections" />
        <p class="soft small">{t('collections.private')}</p>
      </Form>
    </Dialog>
  )
}

export function EditCollection({ room, onClose }: { room: Room; onClose: () => void }) {
  async function save(data: FormData): Promise<void> {
    const wanted = { name: text(data, 'name'), topic: text(data, 'topic') }
    const changed = {
      ...(wanted.name === (room.name ?? '') ? {} : { name: wanted.name }),
      ...(wanted.topic === (room.topic ?? '') ? {} : { topic: wanted.topic }),
    }
    if (Object.keys(changed).length > 0) {
      takeIn(await call<Room>('PATCH', path('collections', room.room_id), { body: changed }))
    }
    onClose()
  }
  return (
    <Dialog title={t('collection.edit')} onClose={onClose}>
      <Form submit={t('save')} onSubmit={save} onCancel={onClose}>
        <NameAndTopic of="collections" name={room.name ?? ''} topic={room.topic ?? ''} />
      </Form>
    </Dialog>
  )
}

/** What a collection or a circle is called, and what it is for. */
export function NameAndTopic({ of, name = '', topic = '' }: { of: 'collections' | 'circle'; name?: string; topic?: string }) {
  return (
    <>
      <Field label={t(`${of}.name`)}>
        {(ids) => <input {...ids} name="name" required maxLength={255} pattern=".*\S.*" defaultValue={name} autocomplete="off" />}
      </Field>
      <Field label={t(`${of}.topic`)} hint={t(`${of}.topic.hint`)}>
        {(ids) => <textarea {...ids} name="topic" maxLength={1000} rows={2} defaultValue={topic} />}
      </Field>
    </>
  )
}
