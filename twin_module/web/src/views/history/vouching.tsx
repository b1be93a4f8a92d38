/** What people have signed about an object, checked by the twin, and a way to sign as well. */

import { Link } from 'wouter-preact'
import { Loading, useRead } from '../../parts/loading'
import { clean, Name } from '../../parts/names'
import { places } from '../../places'
import { t } from '../../texts/texts'
import { get } from '../../twin/api'
import { twin } from '../../twin/twin'
import type { Place } from '../../twin/types'
import { CommandButton } from '../objects/command'
import { readable } from '../objects/schema'
import { where } from './dialogs'

interface Vouching {
  user_id: string
  circles: { room_id: string; name?: string }[]
  statements: { statement: string; version?: string }[]
}

interface Sides {
  attestations: unknown[]
  vouched_by: Vouching[]
  disputed_by: Vouching[]
}

const CAPABILITY = 'attestations'
const NONE: Sides = { attestations: [], vouched_by: [], disputed_by: [] }

export function Vouching({ place }: { place: Place }) {
  const capability = twin.capability(CAPABILITY)
  const object = twin.object(place)
  // Each statement that comes, changes or goes while this is open; what the twin had before is in its answer.
  const statements = twin.objects.value
    .filter((each) => each.capability === CAPABILITY)
    .map((each) => each.etag)
    .join()
  const [loaded, again] = useRead(
    async () => (capability === undefined ? NONE : await get<Sides>(where(place, CAPABILITY))),
    [place.room_id, place.capability, place.uid, object?.etag, statements],
  )
  if (capability === undefined) return null
  const issue = capability.commands.issue
  return (
    <section class="card stack" aria-labelledby="vouching">
      <h2 id="vouching">{t('history.vouching')}</h2>
      <Loading of={loaded} again={again}>
        {({ vouched_by: vouched, disputed_by: disputed }) => (
          <>
            {vouched.length + disputed.length === 0 && <p class="soft">{t('history.nobody-vouches')}</p>}
            {vouched.length > 0 && <People title={t('history.vouched-by')} people={vouched} />}
            {disputed.length > 0 && <People title={t('history.disputed-by')} people={disputed} />}
          </>
        )}
      </Loading>
      {issue && object && object.etag !== '' && twin.mayWrite(place.room_id) && (
        <div class="actions">
          <CommandButton
            capability={CAPABILITY}
            doing={{ name: 'issue', summary: issue.summary, schema: without(issue.arguments, ['file', 'person']) }}
            given={{
              room_id: place.room_id,
              object: { room_id: place.room_id, type: object.type, uid: object.uid, event_id: object.etag },
            }}
            label={t('history.vouch')}
          />
        </div>
      )}
    </section>
  )
}

function without(schema: { properties?: Record<string, object> }, names: readonly string[]) {
  return {
    ...schema,
    properties: Object.fromEntries(Object.entries(schema.properties ?? {}).filter(([name]) => !names.includes(name))),
  }
}

function People({ title, people }: { title: string; people: readonly Vouching[] }) {
  return (
    <div>
      <h3>{title}</h3>
      <ul class="list">
        {people.map((each) => (
          <li key={each.user_id}>
            <Link href={places.person(each.user_id)}>
              <Name id={each.user_id} withId />
            </Link>
            {each.circles.length > 0 && (
              <span class="soft">
                {' '}
                (
                {each.circles
                  .map(({ name }) => clean(name ?? ''))
                  .filter(Boolean)
                  .join(', ')}
                )
              </span>
            )}
            <ul class="words">
              {each.statements.map(({ statement, version }) => (
                <li key={`${statement} ${version}`} class="chip">
                  {clean(readable(statement))}
                  {version === 'earlier' ? `, ${t('history.earlier-version')}` : ''}
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
    </div>
  )
}
