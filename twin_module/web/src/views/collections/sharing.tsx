/** Sharing a collection with circles, and what is told of it to those who are in it. */

import { useRef, useState } from 'preact/hooks'
import { Link } from 'wouter-preact'
import { Dialog } from '../../parts/dialog'
import { Field, Form, sentence, text } from '../../parts/form'
import { clean, roomName, Text } from '../../parts/names'
import { places } from '../../places'
import { t } from '../../texts/texts'
import { command } from '../../twin/api'
import { twin } from '../../twin/twin'
import type { Role, Room, RoomDetails } from '../../twin/types'
import { useEnded } from '../people/current'
import { RoleSelect } from '../people/pieces'
import { roleSaid, said } from '../people/said'
import { Telling } from './telling'

interface SharingProps {
  room: Room
  details: RoomDetails
  onChanged: () => void
  onClose: () => void
}

export function Sharing({ room, details, onChanged, onClose }: SharingProps) {
  const [happened, setHappened] = useState('')
  const [refused, setRefused] = useState(0)
  const ended = useEnded()
  const shared = new Set(details.shares.map((each) => each.circle))
  // Only circles of who made the collection let anybody in.
  const free = twin.circles.value.filter(
    (each) => each.creator === room.creator && !shared.has(each.room_id) && !ended.has(each.room_id),
  )

  async function share(circle: string, role: string): Promise<void> {
    await command('circles', 'share', { room_id: room.room_id, circle, role })
    setHappened(t('sharing.shared', { name: circleName(circle) }))
    onChanged()
  }

  async function change(circle: string, role: Role): Promise<void> {
    try {
      await share(circle, role ?? 'viewer')
      setHappened(t('sharing.changed', { name: circleName(circle), role: roleSaid(role) }))
    } catch (error) {
      setHappened(sentence(error))
      setRefused(refused + 1)
    }
  }

  async function stop(circle: string): Promise<void> {
    await command('circles', 'unshare', { room_id: room.room_id, circle })
    setHappened(t('sharing.stopped', { name: circleName(circle) }))
    onChanged()
  }

  return (
    <Dialog title={t('sharing.title', { name: said(roomName(room.room_id)) })} onClose={onClose}>
      <section class="stack tight" aria-labelledby="shared-with">
        <h3 id="shared-with">{t('sharing.with')}</h3>
        {details.shares.length === 0 && <p class="soft">{t('sharing.none')}</p>}
        <ul class="list">
          {details.shares.map((each) => (
            <Shared
              key={`${each.circle} ${refused}`}
              circle={each.circle}
              role={each.role as Role}
              onRole={(role) => void change(each.circle, role)}
              onAsk={() => setHappened('')}
              onStop={() => stop(each.circle)}
            />
          ))}
        </ul>
        <p role="status">{happened}</p>
      </section>
      <section class="stack tight with-line" aria-labelledby="share-more">
        <h3 id="share-more">{t('sharing.add')}</h3>
        {free.length === 0 ? (
          <p class="soft">
            {t('sharing.no-circles')} <Link href={places.people}>{t('sharing.make-circle')}</Link>
          </p>
        ) : (
          <Form key={[...shared].join(' ')} submit={t('sharing.do')} onSubmit={(data) => share(text(data, 'circle'), text(data, 'role'))}>
            <Field label={t('sharing.circle')}>
              {(ids) => (
                <select {...ids} name="circle" required>
                  {free.map((each) => (
                    <option key={each.room_id} value={each.room_id}>
                      {clean(roomName(each.room_id))}
                    </option>
                  ))}
                </select>
              )}
            </Field>
            <Field label={t('sharing.role')} hint={t('sharing.role.hint')}>
              {(ids) => <RoleSelect {...ids} name="role" value="editor" />}
            </Field>
          </Form>
        )}
      </section>
      {room.role === 'owner' && <Telling roomId={room.room_id} />}
    </Dialog>
  )
}

interface SharedProps {
  circle: string
  role: Role
  onRole: (role: Role) => void
  onAsk: () => void
  onStop: () => Promise<void>
}

/** A circle that it is shared with; before that ends, it says what that means. */
function Shared({ circle, role, onRole, onAsk, onStop }: SharedProps) {
  const [asking, setAsking] = useState(false)
  const row = useRef<HTMLLIElement>(null)
  const name = circleName(circle)

  function ask(whether: boolean): void {
    setAsking(whether)
    onAsk()
    requestAnimationFrame(() => row.current?.querySelector<HTMLElement>('button:last-of-type')?.focus())
  }

  if (asking) {
    return (
      <li ref={row}>
        <Form submit={t('sharing.stop')} onSubmit={onStop} onCancel={() => ask(false)}>
          <p class="note warn">{t('sharing.stop-means', { name })}</p>
        </Form>
      </li>
    )
  }
  return (
    <li ref={row} class="member">
      <span class="grow">
        {twin.rooms.value.has(circle) ? (
          <Link href={places.circle(circle)}>
            <Text of={name} />
          </Link>
        ) : (
          <Text of={name} />
        )}
      </span>
      <RoleSelect key={role} name="shared-role" value={role} label={t('sharing.role-of', { name })} onRole={onRole} />
      <button type="button" aria-label={t('sharing.stop-this', { name })} onClick={() => ask(true)}>
        {t('sharing.stop')}
      </button>
    </li>
  )
}

function circleName(circle: string): string {
  return twin.rooms.value.has(circle) ? said(roomName(circle)) : t('sharing.unseen-circle')
}
