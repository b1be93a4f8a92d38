/** What somebody can see and why: as a list of everything, and as the twin looks to them. */

import { Eye } from 'lucide-preact'
import { Link } from 'wouter-preact'
import { useSome } from '../../parts/some'
import { Icon } from '../../parts/icons'
import { clean, Text } from '../../parts/names'
import { places } from '../../places'
import { t } from '../../texts/texts'
import { twin } from '../../twin/twin'
import { inOrder, type Reach } from './reach'
import { roleSaid, said, whySaid } from './said'

interface Props {
  id: string
  name: string
  reaches: readonly Reach[]
}

const called = (reach: Reach): string => clean(reach.name ?? '') || t('room.unnamed')
const seenAs = (roomId: string, id: string): string => `${places.collection(roomId)}?as=${encodeURIComponent(id)}`

export function Reaches({ id, name, reaches }: Props) {
  const [some, more] = useSome(inOrder(reaches))
  return (
    <section class="card stack tight" aria-labelledby="reaches">
      <h2 id="reaches">{t('person.reaches', { name })}</h2>
      {reaches.length === 0 ? (
        <p class="soft">{t('person.reaches.nothing', { name })}</p>
      ) : (
        <ul class="list">
          {some.map((each) => (
            <li key={each.room_id} class="member reach">
              <div class="grow">
                <p>
                  <Link href={each.kind === 'circle' ? places.circle(each.room_id) : places.collection(each.room_id)}>
                    <Text of={called(each)} />
                  </Link>
                </p>
                <p class="small">{whySaid(each.because)}</p>
              </div>
              <span class="marks">
                {each.kind === 'circle' && <span class="chip accent">{t('person.reaches.circle')}</span>}
                {each.membership === 'invite' ? (
                  <span class="chip warn">{t('person.reaches.invited')}</span>
                ) : (
                  <span class="chip">{roleSaid(each.role)}</span>
                )}
              </span>
              {each.kind === 'collection' && each.membership === 'join' && (
                <Link
                  class="button quiet icon-only"
                  href={seenAs(each.room_id, id)}
                  aria-label={t('person.see', { room: said(called(each)), name })}
                  title={t('person.as', { name })}
                >
                  <Icon of={Eye} />
                </Link>
              )}
            </li>
          ))}
        </ul>
      )}
      {more}
      <p class="soft small">{t('person.reaches.scope', { name })}</p>
    </section>
  )
}

/** The owner's collections and circles as somebody else finds them on their own twin. */
export function TwinAs({ id, name, reaches }: Props) {
  const collections = inOrder(reaches).filter((each) => each.kind === 'collection')
  const [some, more] = useSome(collections.filter((each) => each.membership === 'join'))
  const asked = collections.filter((each) => each.membership === 'invite')
  const circles = inOrder(reaches).filter((each) => each.kind === 'circle' && each.membership === 'join')
  return (
    <>
      {collections.length === 0 && <p class="empty">{t('person.reaches.nothing', { name })}</p>}
      <ul class="tiles">
        {some.map((each) => (
          <li key={each.room_id} class="card tile">
            <h3>
              <Link
                href={seenAs(each.room_id, id)}
                class="cover"
                aria-label={t('person.see', { room: said(called(each)), name })}
              >
                <Text of={called(each)} />
              </Link>
            </h3>
            <div class="stack tight">
              {clean(twin.rooms.value.get(each.room_id)?.topic ?? '') !== '' && (
                <p class="soft small two-lines">
                  <Text of={twin.rooms.value.get(each.room_id)?.topic ?? ''} />
                </p>
              )}
              <p class="small">{whySaid(each.because)}</p>
            </div>
            <div class="foot">
              <span class="chip">{roleSaid(each.role)}</span>
            </div>
          </li>
        ))}
      </ul>
      {more}
      {circles.length > 0 && (
        <section class="card" aria-labelledby="their-circles">
          <h2 id="their-circles">{t('people.circles')}</h2>
          <ul class="list">
            {circles.map((each) => (
              <li key={each.room_id} class="spread">
                <Text of={called(each)} />
                <span class="chip">{roleSaid(each.role)}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {asked.length > 0 && (
        <section class="card" aria-labelledby="asked">
          <h2 id="asked">{t('invitations.title')}</h2>
          <ul class="list">
            {asked.map((each) => (
              <li key={each.room_id} class="spread">
                <Text of={called(each)} />
                <span class="chip warn">{t('person.reaches.invited')}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  )
}
