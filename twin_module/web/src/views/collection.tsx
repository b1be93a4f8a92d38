/** One collection: what it is, who can see it, and what is in it. */

import { FileUp, LayoutGrid, LogOut, Pencil, Share2, UsersRound } from 'lucide-preact'
import { useState } from 'preact/hooks'
import { Redirect, useLocation, useSearch } from 'wouter-preact'
import { unturned } from '../parts/addresses'
import { Heading } from '../parts/frame'
import { Icon } from '../parts/icons'
import { Loading } from '../parts/loading'
import { Menu } from '../parts/menu'
import { roomName, Text } from '../parts/names'
import { places } from '../places'
import { t } from '../texts/texts'
import { twin } from '../twin/twin'
import type { Room, RoomDetails } from '../twin/types'
import { Follows } from './collections/follows'
import { ImportFile } from './collections/import-file'
import { Inside } from './collections/inside'
import { Leave } from './collections/leave'
import { EditCollection } from './collections/make'
import { SeenAs } from './collections/seen-as'
import { Sharing } from './collections/sharing'
import { Who } from './collections/who'
import { useDetails } from './people/current'
import { Avatars, Gone, useFocusAfter } from './people/pieces'
import { roleSaid, there } from './people/said'
import { Publish } from './publishing/publish'
import './collections.css'

export function Collection({ roomId, capability }: { roomId: string; capability?: string }) {
  const room = twin.rooms.value.get(roomId)
  if (room === undefined) {
    return (
      <Gone
        title={t('nav.collections')}
        icon={LayoutGrid}
        says={t('collection.gone')}
        to={places.collections}
        link={t('collection.to-all')}
      />
    )
  }
  if (room.kind === 'circle') return <Redirect to={places.circle(roomId)} replace />
  return <Present room={room} capability={capability} />
}

function Present({ room, capability }: { room: Room; capability: string | undefined }) {
  const as = new URLSearchParams(useSearch()).get('as')
  useFocusAfter(as)
  const [details, again] = useDetails(room.room_id)
  const name = roomName(room.room_id)
  return (
    <>
      <header class="about">
        <Heading title={name}>
          <Text of={name} />
        </Heading>
        {room.topic && (
          <p class="soft topic">
            <bdi>{unturned(room.topic)}</bdi>
          </p>
        )}
        {as === null && <Doings room={room} details={details.state === 'there' ? details.value : undefined} again={again} />}
        {as === null && room.role === 'owner' && <Follows roomId={room.room_id} />}
        {as === null && details.state === 'failed' && (
          <Loading of={details} again={again}>
            {() => null}
          </Loading>
        )}
      </header>
      {as === null ? (
        <Inside roomId={room.room_id} capability={capability} />
      ) : (
        <Loading of={details} again={again}>
          {({ members }) => <SeenAs room={room} members={members} as={as} />}
        </Loading>
      )}
    </>
  )
}

interface DoingsProps {
  room: Room
  details: RoomDetails | undefined
  again: () => void
}

type Open = 'who' | 'share' | 'edit' | 'import' | 'leave' | undefined

/** Who is in it, and what can be done with the whole of it. */
function Doings({ room, details, again }: DoingsProps) {
  const [, go] = useLocation()
  const [open, setOpen] = useState<Open>()
  const close = (): void => setOpen(undefined)
  const manages = room.role === 'owner' || room.role === 'admin'
  const writes = twin.mayWrite(room.room_id)
  const others = there(details?.members ?? [])
    .map((each) => each.user_id)
    .filter((id) => id !== twin.owner.value)
  return (
    <div class="actions no-print">
      <button type="button" aria-disabled={details === undefined} onClick={() => details && setOpen('who')}>
        {others.length > 0 ? <Avatars ids={others} /> : <Icon of={UsersRound} />}
        {t('who.open')}
      </button>
      {manages && room.kind === 'collection' && (
        <button type="button" aria-disabled={details === undefined} onClick={() => details && setOpen('share')}>
          <Icon of={Share2} />
          {t('collection.share')}
        </button>
      )}
      <Publish place={{ room_id: room.room_id }} />
      <Menu
        label={t('menu')}
        choices={() => [
          ...(manages ? [{ label: t('collection.edit'), icon: Pencil, run: () => setOpen('edit') }] : []),
          ...(writes ? [{ label: t('import.open'), icon: FileUp, run: () => setOpen('import') }] : []),
          { label: t('collection.leave'), icon: LogOut, run: () => setOpen('leave') },
        ]}
      />
      <span class="chip">{t('collection.you', { role: roleSaid(room.role) })}</span>
      {open === 'who' && details && <Who members={details.members} onClose={close} />}
      {open === 'share' && details && <Sharing room={room} details={details} onChanged={again} onClose={close} />}
      {open === 'edit' && <EditCollection room={room} onClose={close} />}
      {open === 'import' && <ImportFile room={room} onClose={close} />}
      {open === 'leave' && <Leave room={room} onLeft={() => go(places.collections)} onClose={close} />}
    </div>
  )
}
