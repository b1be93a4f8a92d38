/** Following a public calendar: a collection that the twin fills from an address. */

import { Dialog } from '../../parts/dialog'
import { Field, Form, text } from '../../parts/form'
import { t } from '../../texts/texts'
import { get, path, post } from '../../twin/api'
import type { Room } from '../../twin/types'
import { takeIn } from '../people/current'
import type { Subscription } from './subscriptions'

const LONGEST_ADDRESS = 2000
const LONGEST_NAME = 255

export function Subscribe({ onMade, onClose }: { onMade: (room: Room) => void; onClose: () => void }) {
  async function subscribe(data: FormData): Promise<void> {
    const name = text(data, 'name')
    const asked = { url: text(data, 'url'), ...(name === '' ? {} : { name }) }
    const { room_id } = await post<Subscription>('subscriptions', asked)
    const room = await get<Room>(path('collections', room_id))
    takeIn(room)
    onMade(room)
  }
  return (
    <Dialog title={t('subscribe.open')} onClose={onClose}>
      <Form submit={t('subscribe.do')} onSubmit={subscribe} onCancel={onClose}>
        <p>{t('subscribe.text')}</p>
        <Field label={t('subscribe.address')} hint={t('subscribe.address-hint')}>
          {(ids) => (
            <input
              {...ids}
              name="url"
              type="text"
              inputMode="url"
              dir="ltr"
              required
              maxLength={LONGEST_ADDRESS}
              placeholder="https://example.org/calendar.ics"
              autocomplete="off"
              autocapitalize="none"
              spellcheck={false}
            />
          )}
        </Field>
        <Field label={t('collections.name')} hint={t('subscribe.name-hint')}>
          {(ids) => <input {...ids} name="name" maxLength={LONGEST_NAME} autocomplete="off" />}
        </Field>
      </Form>
    </Dialog>
  )
}
