/** The contacts of a collection: a list to read and to search, and a form for the usual fields. */

import { useMemo, useState } from 'preact/hooks'
import { BookUser, Plus } from 'lucide-preact'
import { Dialog } from '../parts/dialog'
import { say } from '../parts/frame'
import { Icon } from '../parts/icons'
import { Empty, Loading, useRead } from '../parts/loading'
import { useSome } from '../parts/some'
import { clean } from '../parts/names'
import { t } from '../texts/texts'
import { path } from '../twin/api'
import { twin } from '../twin/twin'
import { CAPABILITY, contactOf, inOrder, isMeantBy, type Contact } from './contacts/card'
import { changed, draftOf, newCard, NOTHING, type Draft } from './contacts/draft'
import { ContactForm } from './contacts/form'
import { Line } from './contacts/line'
import { bare } from './objects/declared'
import { sent } from './objects/sent'
import { short } from './tasks/acts'
import { undone } from './tasks/changes'
import './contacts.css'

/** As many can be looked over without searching. */
const FEW = 8

type Open = 'new' | Contact | undefined

export function Contacts({ roomId }: { roomId: string }) {
  const [typed, setTyped] = useState('')
  const [open, setOpen] = useState<Open>()
  const [loaded, again] = useRead(
    () => twin.read(`${path('rooms', roomId)}/objects`, { capability: CAPABILITY, sort: 'title' }),
    [roomId],
  )
  const objects = twin.objects.value
  const all = useMemo(
    () =>
      objects
        .filter((each) => each.room_id === roomId && each.capability === CAPABILITY)
        .map(contactOf)
        .sort(inOrder),
    [objects, roomId],
  )
  const mayWrite = twin.mayWrite(roomId)
  return (
    <div class="stack contacts">
      <div class="spread">
        {all.length > FEW ? (
          <input
            type="search"
            class="find grow"
            aria-label={t('contacts.find')}
            placeholder={t('contacts.find')}
            value={typed}
            onInput={({ currentTarget }) => setTyped(currentTarget.value)}
          />
        ) : (
          <span />
        )}
        {mayWrite && (
          <button type="button" class="main" onClick={() => setOpen('new')}>
            <Icon of={Plus} />
            {t('contacts.new')}
          </button>
        )}
      </div>
      <Loading of={loaded} again={again}>
        {() => <List all={all} typed={typed} onEdit={mayWrite ? setOpen : undefined} />}
      </Loading>
      {open === 'new' && <Make roomId={roomId} onClose={() => setOpen(undefined)} />}
      {typeof open === 'object' && <Change contact={open} onClose={() => setOpen(undefined)} />}
    </div>
  )
}

interface ListProps {
  all: readonly Contact[]
  typed: string
  onEdit: ((contact: Contact) => void) | undefined
}

function List({ all, typed, onEdit }: ListProps) {
  const meant = typed.trim() === '' ? all : all.filter((each) => isMeantBy(typed, each))
  const [some, more] = useSome(meant)
  if (all.length === 0) {
    return (
      <Empty icon={BookUser}>
        <p>{t('contacts.none')}</p>
      </Empty>
    )
  }
  return (
    <>
      <p class="soft small" role="status">
        {meant.length === 0 ? t('contacts.none-found') : t('contacts.count', { count: meant.length })}
      </p>
      <ul class="list">
        {some.map((each) => (
          <li key={each.object.uid}>
            <Line contact={each} onEdit={onEdit} />
          </li>
        ))}
      </ul>
      {more}
    </>
  )
}

function Make({ roomId, onClose }: { roomId: string; onClose: () => void }) {
  async function make(draft: Draft): Promise<void> {
    await sent(() => twin.outbox.make(roomId, CAPABILITY, twin.typeOf(CAPABILITY), newCard(draft, new Date())))
    say(t('contacts.made', { name: short(draft.name || draft.organization || draft.emails) }))
    onClose()
  }
  return (
    <Dialog title={t('contacts.new')} onClose={onClose}>
      <ContactForm submit={t('create')} draft={NOTHING} onSubmit={make} onCancel={onClose} />
    </Dialog>
  )
}

function Change({ contact, onClose }: { contact: Contact; onClose: () => void }) {
  // As it was when the form opened: what others change meanwhile stays, unless it is the same field.
  const [before] = useState(contact.object)

  async function save(draft: Draft): Promise<void> {
    const fields = changed(before.content, draft, new Date())
    if (Object.keys(fields).length > 0) {
      await sent(() => twin.outbox.change(before, fields))
      const back = undone(before.content, fields)
      say(t('contacts.changed', { name: short(draft.name || contact.title) }), {
        action: { label: t('undo'), run: () => twin.outbox.change(before, back) },
      })
    }
    onClose()
  }

  function remove(): void {
    const { room_id, type, uid, content } = before
    twin.outbox.remove(before)
    onClose()
    say(t('objects.removed', { title: short(contact.title) }), {
      action: { label: t('undo'), run: () => void twin.outbox.make(room_id, CAPABILITY, type, bare(content), uid) },
    })
  }

  return (
    <Dialog title={clean(contact.title)} onClose={onClose}>
      <ContactForm submit={t('save')} draft={draftOf(before.content)} onSubmit={save} onCancel={onClose} />
      <div class="actions with-line">
        <button type="button" class="bad" onClick={remove}>
          {t('contacts.remove')}
        </button>
      </div>
    </Dialog>
  )
}
