/** One circle: who belongs to it, and what it reaches. */

import { LogOut, Pencil, UserPlus, UsersRound } from 'lucide-preact'
import { useState } from 'preact/hooks'
import { Link, Redirect, useLocation } from 'wouter-preact'
import { Do } from '../parts/do'
import { useSome } from '../parts/some'
import { unturned } from '../parts/addresses'
import { Heading } from '../parts/frame'
import { Icon } from '../parts/icons'
import { Loading, type Loaded } from '../parts/loading'
import { Menu } from '../parts/menu'
import { clean, nameOf, roomName, Text } from '../parts/names'
import { places } from '../places'
import { t } from '../texts/texts'
import { path, post } from '../twin/api'
import { twin } from '../twin/twin'
import type { Room } from '../twin/types'
import { Leave } from './collections/leave'
import { EditCircle, EndCircle } from './people/change-circle'
import { AddMember } from './people/change-member'
import { sharesByCircle, useDeclared, useDetails } from './people/current'
import { Members } from './people/member-list'
import { membersOf, type InCircle } from './people/members'
import { Gone, MatrixId, PersonName } from './people/pieces'
import { roleSaid, said } from './people/said'
import './collections.css'

export function Circle({ roomId }: { roomId: string }) {
  const room = twin.rooms.value.get(roomId)
  if (room === undefined) {
    return (
      <Gone
        title={t('people.title')}
        icon={UsersRound}
        says={t('circle.gone')}
        to={places.people}
        link={t('circle.to-all')}
      />
    )
  }
  if (room.kind !== 'circle') return <Redirect to={places.collection(roomId)} replace />
  return <Present room={room} />
}

function Present({ room }: { room: Room }) {
  const [declared, readAgain] = useDeclared(room.room_id)
  const [details, again] = useDetails(room.room_id)
  const name = roomName(room.room_id)
  const ended = declared.state === 'there' && declared.value === undefined
  const manages = !ended && (room.role === 'owner' || room.role === 'admin')
  const members = both(declared, details, (circle, { members }) => membersOf(circle, members, room.creator))
  return (
    <>
      <header class="about">
        <Heading title={name}>
          <Text of={name} />
        </Heading>
        {clean(room.topic ?? '') !== '' && (
          <p class="soft topic">
            <bdi>{unturned(room.topic ?? '')}</bdi>
          </p>
        )}
        {room.role !== 'owner' && room.creator !== null && (
          <p class="small">
            {t('circle.of')} <PersonName id={room.creator} /> <MatrixId id={room.creator} />
          </p>
        )}
        {ended ? <Ended room={room} members={members} /> : <Doings room={room} manages={manages} />}
      </header>
      <section class="card" aria-labelledby="members">
        <h2 id="members">{t('circle.members')}</h2>
        <Loading
          of={members}
          again={() => {
            readAgain()
            again()
          }}
        >
          {(all) => <Members circle={room.room_id} members={all} manages={manages} />}
        </Loading>
      </section>
      {!ended && (
        <section class="card" aria-labelledby="reaches">
          <h2 id="reaches">{t('circle.reaches')}</h2>
          <Reaches room={room} />
        </section>
      )}
    </>
  )
}

/** Makes one of two things that were read. */
function both<A, B, C>(one: Loaded<A>, other: Loaded<B>, make: (one: A, other: B) => C): Loaded<C> {
  if (one.state !== 'there') return one
  if (other.state !== 'there') return other
  return { state: 'there', value: make(one.value, other.value) }
}

type Open = 'add' | 'edit' | 'end' | 'leave' | undefined

function Doings({ room, manages }: { room: Room; manages: boolean }) {
  const [, go] = useLocation()
  const [open, setOpen] = useState<Open>()
  const close = (): void => setOpen(undefined)
  return (
    <div class="actions no-print">
      {manages && (
        <button type="button" onClick={() => setOpen('add')}>
          <Icon of={UserPlus} />
          {t('circle.add.title')}
        </button>
      )}
      <Menu
        label={t('menu')}
        choices={() => [
          ...(manages ? [{ label: t('circle.edit'), icon: Pencil, run: () => setOpen('edit') }] : []),
          room.role === 'owner'
            ? { label: t('circle.dissolve'), icon: LogOut, run: () => setOpen('end') }
            : { label: t('circle.leave'), icon: LogOut, run: () => setOpen('leave') },
        ]}
      />
      <span class="chip">{t('collection.you', { role: roleSaid(room.role) })}</span>
      {open === 'add' && <AddMember circle={room.room_id} onClose={close} />}
      {open === 'edit' && <EditCircle room={room} onClose={close} />}
      {open === 'end' && <EndCircle room={room} onClose={close} />}
      {open === 'leave' && <Leave room={room} onLeft={() => go(places.people)} onClose={close} />}
    </div>
  )
}

/** A circle that has ended stays until all others are out of it: nobody else could let them go. */
function Ended({ room, members }: { room: Room; members: Loaded<InCircle[]> }) {
  const [, go] = useLocation()
  const alone = members.state === 'there' && members.value.every((each) => each.user_id === twin.owner.value)
  async function forget(): Promise<void> {
    await post(path('collections', room.room_id, 'leave'))
    go(places.people)
  }
  return (
    <>
      <p class="note" role="status">
        {t('circle.ended')} {!alone && t('circle.ending')}
      </p>
      {alone && (
        <div class="actions">
          <Do onDo={forget}>{t('circle.forget')}</Do>
        </div>
      )}
    </>
  )
}

/** The collections that are shared with a circle, as far as this twin sees them. */
function Reaches({ room }: { room: Room }) {
  const shares = [...(sharesByCircle.value.get(room.room_id) ?? [])].sort((a, b) =>
    roomName(a.room_id).localeCompare(roomName(b.room_id)),
  )
  const [some, more] = useSome(shares)
  if (shares.length === 0) {
    const by = room.creator ?? ''
    const says =
      by === twin.owner.value
        ? t('circle.reaches.nothing')
        : t('circle.reaches.nothing-seen', { name: said(nameOf(by)) })
    return <p class="soft">{says}</p>
  }
  return (
    <>
      <ul class="list">
        {some.map(({ room_id, role }) => (
          <li key={room_id} class="spread">
            <Link href={places.collection(room_id)}>
              <Text of={roomName(room_id)} />
            </Link>
            <span class="chip">{roleSaid(role)}</span>
          </li>
        ))}
      </ul>
      {more}
    </>
  )
}
