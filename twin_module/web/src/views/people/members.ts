/** Who belongs to a circle: what it declares, beside who is there. */

import type { Content, Json, Member, Role } from '../../twin/types'

/** What a circle declares. */
export interface Declared {
  members: ReadonlyMap<string, Role>
}

export interface InCircle {
  user_id: string
  role: Role
  /** `leave` of who belongs to it and is not there: not reached yet, or gone. */
  membership: 'join' | 'invite' | 'leave'
  /** Whether the circle names them; who made it needs no naming. */
  declared: boolean
}

export function declaredIn(content: Content | undefined): Declared | undefined {
  if (content === undefined) return undefined
  return { members: new Map(Object.entries(record(content.members)).map(([id, each]) => [id, roleIn(record(each).role)])) }
}

/** Returns who made a circle, whom it names, and who is there all the same. */
export function membersOf(declared: Declared | undefined, there: readonly Member[], creator: string | null): InCircle[] {
  const named = declared?.members ?? new Map<string, Role>()
  const present = new Map(there.map((each) => [each.user_id, each]))
  const ids = new Set([...named.keys(), ...there.filter(isThere).map((each) => each.user_id)])
  ids.delete(creator ?? '')
  const member = (id: string, role: Role): InCircle => {
    const found = present.get(id)
    const membership = found?.membership === 'join' || found?.membership === 'invite' ? found.membership : 'leave'
    return { user_id: id, role, membership, declared: named.has(id) }
  }
  const others = [...ids].map((id) => member(id, named.get(id) ?? present.get(id)?.role ?? 'viewer'))
  return creator === null ? others : [member(creator, 'owner'), ...others]
}

const isThere = (each: Member): boolean => each.membership === 'join' || each.membership === 'invite'

function roleIn(role: Json | undefined): Role {
  return role === 'admin' || role === 'editor' ? role : 'viewer'
}

function record(value: Json | undefined): Content {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
