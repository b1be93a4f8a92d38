/** Who is invited to an event, what each answered, and taking somebody off it. */

import { UsersRound } from 'lucide-preact'
import { Do } from '../../parts/do'
import { Avatar, nameOf, Text } from '../../parts/names'
import { useSome } from '../../parts/some'
import { t } from '../../texts/texts'
import { twin } from '../../twin/twin'
import { uninvite } from './acts'
import { guestsOf, type Guest } from './details'
import type { CalendarEvent } from './event'
import { Fact } from './one-event'

const MOST = 10

export function Guests({ event }: { event: CalendarEvent }) {
  const all = guestsOf(event.content)
  const [some, more] = useSome(all, MOST)
  const mayWrite = twin.mayWrite(event.object.room_id)
  if (all.length === 0) return null
  return (
    <Fact icon={UsersRound} label={t('agenda.who')}>
      <p class="small soft">{tally(all)}</p>
      <ul class="stack tight">
        {some.map((guest) => (
          <Line key={guest.id} guest={guest}>
            {mayWrite && guest.attends && guest.id.startsWith('@') && guest.id !== twin.owner.value && (
              <Do
                label={t('agenda.guests.uninvite-this', { name: called(guest) })}
                onDo={() => uninvite(event, guest.id)}
              >
                {t('agenda.guests.uninvite')}
              </Do>
            )}
          </Line>
        ))}
      </ul>
      {more}
    </Fact>
  )
}

function Line({ guest, children }: { guest: Guest; children: preact.ComponentChildren }) {
  const { id, status, comment, owns } = guest
  return (
    <li class="row guest">
      <Avatar id={id} small />
      <span class="grow">
        <Text of={called(guest)} />
        <span class="soft small"> {t(`agenda.answer.${status}`)}</span>
        {owns && <span class="soft small"> · {t('agenda.guests.owns')}</span>}
        {comment !== '' && (
          <p class="small" dir="auto">
            <Text of={comment} />
          </p>
        )}
      </span>
      {children}
    </li>
  )
}

function called({ id, name }: Guest): string {
  return id.startsWith('@') ? nameOf(id) : name || id
}

/** Returns how many answered what: "2 come, 1 has not answered". */
function tally(guests: readonly Guest[]): string {
  const counts = (['accepted', 'tentative', 'declined', 'needs-action'] as const).map((status) => ({
    status,
    count: guests.filter((each) => each.status === status).length,
  }))
  return counts
    .filter(({ count }) => count > 0)
    .map(({ status, count }) => t(`agenda.tally.${status}`, { count }))
    .join(', ')
}
