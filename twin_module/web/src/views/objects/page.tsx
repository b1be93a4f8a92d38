/** The page of one object of any capability: its values, how to change them, and its commands. */

import { useState } from 'preact/hooks'
import { History, Pencil, Trash2 } from 'lucide-preact'
import { Link, useLocation } from 'wouter-preact'
import { Ago } from '../../parts/ago'
import { Dialog } from '../../parts/dialog'
import { Heading, say } from '../../parts/frame'
import { Icon } from '../../parts/icons'
import { Loading, useRead } from '../../parts/loading'
import { clean, Name, roomName, Text } from '../../parts/names'
import { places } from '../../places'
import { t } from '../../texts/texts'
import { twin } from '../../twin/twin'
import type { Capability, Content, Place, TwinObject } from '../../twin/types'
import { Proposals } from '../history/proposals'
import { Publish } from '../publishing/publish'
import { GoneObject } from './gone'
import { CommandButton } from './command'
import { bare, commandsOfOne, isFree } from './declared'
import { patch } from './draft'
import { capabilityName } from './names'
import { ObjectForm } from './object-form'
import { fieldsOf } from './schema'
import { sent } from './sent'
import { Signed } from './signed'
import { Values } from './values'
import '../objects.css'

export function GeneratedPage({ place }: { place: Place }) {
  const object = twin.object(place)
  const [loaded, again] = useRead(() => twin.readUnlessGone(place), [place.room_id, place.capability, place.uid])
  const capability = twin.capability(place.capability)
  if (capability === undefined) return <p class="empty">{t('objects.no-capability')}</p>
  if (object !== undefined) return <One object={object} capability={capability} />
  return (
    <Loading of={loaded} again={again}>
      {() => (
        <GoneObject place={place}>
          <Where place={place} />
        </GoneObject>
      )}
    </Loading>
  )
}

function Where({ place }: { place: Place }) {
  return (
    <p class="way">
      <Link href={places.collection(place.room_id)}>
        <bdi>{roomName(place.room_id)}</bdi>
      </Link>
      <span aria-hidden="true">›</span>
      <Link href={places.capability(place.room_id, place.capability)}>{capabilityName(place.capability)}</Link>
    </p>
  )
}

function One({ object, capability }: { object: TwinObject; capability: Capability }) {
  const [editing, setEditing] = useState(false)
  const [, go] = useLocation()
  const schema = capability.events.find(({ type }) => type === object.type)?.schema ?? {}
  const fields = fieldsOf(schema)
  const title = clean(object.title) || object.uid
  const mayWrite = twin.mayWrite(object.room_id)

  async function save(changes: Content): Promise<void> {
    if (Object.keys(changes).length > 0) await sent(() => twin.outbox.change(object, changes))
    setEditing(false)
  }

  function remove(): void {
    const { room_id, capability: name, type, uid, content } = object
    twin.outbox.remove(object)
    go(places.capability(room_id, name))
    say(t('objects.removed', { title }), {
      action: { label: t('undo'), run: () => twin.outbox.make(room_id, name, type, bare(content), uid) },
    })
  }

  return (
    <article class="stack object-page">
      <Where place={object} />
      <Heading title={title}>
        <Text of={title} />
      </Heading>
      <p class="soft small">
        <Name id={object.sender} />,{' '}
        <Ago ms={object.updated} />
        {twin.outbox.isWaiting(object) && <span class="chip">{t('objects.waits')}</span>}
      </p>
      {object.problem !== undefined && (
        <p class="note warn">{t('objects.problem', { problem: clean(object.problem) })}</p>
      )}
      <Signed content={object.content} />
      <Proposals place={object} />
      <div class="actions">
        {mayWrite && isFree(capability) && (
          <button type="button" onClick={() => setEditing(true)}>
            <Icon of={Pencil} />
            {t('edit')}
          </button>
        )}
        {mayWrite &&
          commandsOfOne(capability).map((doing) => (
            <CommandButton
              key={doing.name}
              capability={capability.name}
              doing={doing}
              given={{ room_id: object.room_id, uid: object.uid }}
              content={object.content}
            />
          ))}
        {mayWrite && (
          <button type="button" onClick={remove}>
            <Icon of={Trash2} />
            {t('remove')}
          </button>
        )}
        <Publish place={object} />
        <Link href={places.history(object)} class="button quiet">
          <Icon of={History} />
          {t('objects.history')}
        </Link>
      </div>
      <div class="card">
        <Values fields={fields} content={object.content} />
      </div>
      {editing && (
        <Editing title={title} fields={fields} object={object} onSave={save} onClose={() => setEditing(false)} />
      )}
    </article>
  )
}

interface EditingProps {
  title: string
  fields: ReturnType<typeof fieldsOf>
  object: TwinObject
  onSave: (changes: Content) => Promise<void>
  onClose: () => void
}

function Editing({ title, fields, object, onSave, onClose }: EditingProps) {
  // As it was when the form opened: what others change meanwhile stays, unless it is the same field.
  const [before] = useState(object.content)
  return (
    <Dialog title={title} onClose={onClose}>
      <ObjectForm
        fields={fields}
        before={before}
        submit={t('save')}
        onSubmit={(content) => onSave(patch(before, content))}
        onCancel={onClose}
      />
    </Dialog>
  )
}
