/** The objects of any capability in a room, with what its declaration says: a list, a form, its commands. */

import { useState } from 'preact/hooks'
import { Plus } from 'lucide-preact'
import { useLocation } from 'wouter-preact'
import { Dialog } from '../parts/dialog'
import { say } from '../parts/frame'
import { Icon } from '../parts/icons'
import { places } from '../places'
import { t } from '../texts/texts'
import { twin } from '../twin/twin'
import type { Capability, Content, Place } from '../twin/types'
import { CommandButton } from './objects/command'
import { commandsOfList, filtersOf, isFree } from './objects/declared'
import { ObjectList } from './objects/list'
import { Narrow } from './objects/narrow'
import { ObjectForm } from './objects/object-form'
import { USUAL, type Wanted } from './objects/order'
import { fieldsOf } from './objects/schema'
import { sent } from './objects/sent'
import './objects.css'

export function Objects({ roomId, capability: name }: { roomId: string; capability: string }) {
  const [wanted, setWanted] = useState<Wanted>(USUAL)
  const capability = twin.capability(name)
  if (capability === undefined) return <p class="empty">{t('objects.no-capability')}</p>
  const filters = filtersOf(capability)
  const objects = twin.objects.value.filter((each) => each.room_id === roomId && each.capability === name)
  return (
    <div class="stack objects">
      <div class="spread">
        <p class="soft grow">{capability.summary}</p>
        {twin.mayWrite(roomId) && (
          <div class="actions">
            {commandsOfList(capability).map((doing) => (
              <CommandButton key={doing.name} capability={name} doing={doing} given={{ room_id: roomId }} />
            ))}
            {isFree(capability) && <New roomId={roomId} capability={capability} />}
          </div>
        )}
      </div>
      {(objects.length > 1 || wanted !== USUAL) && (
        <Narrow filters={filters} wanted={wanted} onWanted={setWanted} objects={objects} />
      )}
      <ObjectList roomId={roomId} capability={capability} filters={filters} wanted={wanted} />
    </div>
  )
}

function New({ roomId, capability }: { roomId: string; capability: Capability }) {
  const [open, setOpen] = useState(false)
  const [, go] = useLocation()
  const event = capability.events[0]
  if (event === undefined) return null

  async function make(content: Content): Promise<void> {
    let place: Place | undefined
    const became = await sent(() => {
      place = twin.outbox.make(roomId, capability.name, event!.type, content)
    })
    setOpen(false)
    const made = place
    const said = became === 'waiting' ? t('objects.waits') : t('objects.made')
    if (made !== undefined) say(said, { action: { label: t('objects.open'), run: () => go(places.object(made)) } })
  }

  return (
    <>
      <button type="button" class="main" onClick={() => setOpen(true)}>
        <Icon of={Plus} />
        {t('objects.new')}
      </button>
      {open && (
        <Dialog title={event.summary.replace(/\.$/, '')} onClose={() => setOpen(false)}>
          <ObjectForm
            fields={fieldsOf(event.schema)}
            submit={t('create')}
            onSubmit={make}
            onCancel={() => setOpen(false)}
          />
        </Dialog>
      )}
    </>
  )
}
