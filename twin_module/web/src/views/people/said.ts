/** Words about people and rooms for the middle of a sentence. */

import { clean } from '../../parts/names'
import { t } from '../../texts/texts'
import type { Because, Member, Role } from '../../twin/types'

// Letters that run from right to left would pull what stands beside them along.
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u

/** Returns a name for the middle of a sentence, which it can't turn round. */
export function said(name: string): string {
  const shown = clean(name)
  return RIGHT_TO_LEFT.test(shown) ? `\u2068${shown}\u2069` : shown
}

/** Returns what a role means. */
export function roleSaid(role: Role): string {
  return t(`role.${role ?? 'viewer'}`)
}

/** Returns why somebody is in a room. */
export function whySaid(because: readonly Because[] | undefined): string {
  if (because === undefined || because.length === 0) return t('because.unknown')
  return because.map(reason).join('; ')
}

function reason(because: Because): string {
  if (because.creator === true) return t('because.creator')
  if (because.invited === true) return t('because.invited')
  const name = said(because.name ?? '')
  return name === '' ? t('because.circle-unseen') : t('because.circle', { name })
}

/** Who is in a room, or is asked into it. */
export function there(members: readonly Member[]): Member[] {
  return members.filter((each) => each.membership === 'join' || each.membership === 'invite')
}
