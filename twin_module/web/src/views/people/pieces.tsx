/** Small parts of the views of people, circles and collections. */

import { useEffect, useRef } from 'preact/hooks'
import type { LucideIcon } from 'lucide-preact'
import { Link } from 'wouter-preact'
import { Heading } from '../../parts/frame'
import { Empty } from '../../parts/loading'
import { Avatar, clean, named, nameOf, Text } from '../../parts/names'
import { places } from '../../places'
import { t } from '../../texts/texts'
import { twin } from '../../twin/twin'
import type { Role } from '../../twin/types'
import { roleSaid } from './said'

const ROLES = ['viewer', 'editor', 'admin'] as const

/** A Matrix ID, which tells people apart who gave themselves the same name; it runs from left to right as all do. */
export function MatrixId({ id }: { id: string }) {
  return (
    <bdi class="id" dir="ltr">
      {clean(id)}
    </bdi>
  )
}

/** What a person is called, and the way to their page where they have one. */
export function PersonName({ id, displayname = null }: { id: string; displayname?: string | null }) {
  if (id === twin.owner.value) {
    return (
      <strong>
        <Text of={nameOf(id)} /> ({t('who.you')})
      </strong>
    )
  }
  if (twin.people.value.has(id)) {
    return (
      <Link href={places.person(id)}>
        <Text of={nameOf(id)} />
      </Link>
    )
  }
  // In a chat is also who shares nothing else.
  return <Text of={named(displayname, id)} />
}

interface GoneProps {
  title: string
  icon: LucideIcon
  says: string
  to: string
  link: string
}

/** Stands where something was, or never was. */
export function Gone({ title, icon, says, to, link }: GoneProps) {
  return (
    <>
      <Heading title={title}>{title}</Heading>
      <Empty icon={icon}>
        <p role="status">{says}</p>
        <Link class="button" href={to}>
          {link}
        </Link>
      </Empty>
    </>
  )
}

/** The faces of people, the first few of them; who reads the names elsewhere needs no words here. */
export function Avatars({ ids, most = 5 }: { ids: readonly string[]; most?: number }) {
  if (ids.length === 0) return null
  return (
    <span class="avatars">
      {ids.slice(0, most).map((id) => (
        <Avatar key={id} id={id} small />
      ))}
      {ids.length > most && <span class="small soft">{t('collections.more-people', { count: ids.length - most })}</span>}
    </span>
  )
}

interface RoleSelectProps {
  name: string
  value?: Role
  id?: string
  label?: string
  'aria-describedby'?: string
  onRole?: (role: Role) => void
}

/** A choice of what somebody may do. */
export function RoleSelect({ name, value = 'editor', label, onRole, ...ids }: RoleSelectProps) {
  return (
    <select
      {...ids}
      name={name}
      defaultValue={value ?? 'editor'}
      aria-label={label}
      onChange={({ currentTarget }) => onRole?.(currentTarget.value as Role)}
    >
      {ROLES.map((role) => (
        <option key={role} value={role} selected={role === value}>
          {roleSaid(role)}
        </option>
      ))}
    </select>
  )
}

/** Gives the focus to the view's heading when the same view shows something else. */
export function useFocusAfter(shown: unknown): void {
  const before = useRef(shown)
  useEffect(() => {
    if (before.current !== shown) focusHeading()
    before.current = shown
  }, [shown])
}

/** Gives the focus to the view's heading, when what had it is gone; after a dialog that closes gave it back. */
export function focusHeading(): void {
  requestAnimationFrame(() => document.querySelector('h1')?.focus())
}
