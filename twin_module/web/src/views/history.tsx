/** The history of one object: its versions, how they differ, putting one back, and proofs. */

import { useState } from 'preact/hooks'
import { Link } from 'wouter-preact'
import { Do } from '../parts/do'
import { Field, Form, text } from '../parts/form'
import { Heading } from '../parts/frame'
import { Loading } from '../parts/loading'
import { clean, roomName, Text } from '../parts/names'
import { places } from '../places'
import { t } from '../texts/texts'
import { get } from '../twin/api'
import { twin } from '../twin/twin'
import type { Place } from '../twin/types'
import { CompareDialog, VersionDialog, where } from './history/dialogs'
import { Proof } from './history/proof'
import { Proposals } from './history/proposals'
import type { Shown } from './history/told'
import { VersionLine } from './history/version'
import { useVersions } from './history/versions'
import { Vouching } from './history/vouching'
import { localOf } from './objects/draft'
import './history/history.css'

type Open = { look: () => Promise<Shown> } | { from: string; to: string } | undefined

export function History({ place }: { place: Place }) {
  const [open, setOpen] = useState<Open>()
  const object = twin.object(place)
  const { loaded, again, more } = useVersions(place)
  const versions = loaded.state === 'there' ? loaded.value.versions : []
  const current = versions.find((each) => each.current)?.event_id
  const title = clean(object?.title ?? versions.find((each) => each.title !== null)?.title ?? '') || place.uid
  return (
    <div class="stack history">
      <p class="way">
        <Link href={places.collection(place.room_id)}>
          <bdi>{roomName(place.room_id)}</bdi>
        </Link>
        <span aria-hidden="true">›</span>
        <Link href={places.object(place)}>
          <Text of={title} />
        </Link>
      </p>
      <Heading title={t('history.title', { title })}>{t('history.heading')}</Heading>
      <Proposals place={place} />
      <section class="card stack" aria-labelledby="versions">
        <h2 id="versions">{t('history.versions')}</h2>
        <Loading of={loaded} again={again}>
          {(found) => (
            <>
              {!found.complete && <p class="note warn">{t('history.incomplete')}</p>}
              <ol class="list versions" aria-live="polite" aria-relevant="additions">
                {found.versions.map((version) => (
                  <li key={version.event_id}>
                    <VersionLine
                      place={place}
                      version={version}
                      versions={found.versions}
                      onLook={() => setOpen({ look: () => get<Shown>(where(place, 'history', version.event_id)) })}
                      onCompare={(from, to) => setOpen({ from, to })}
                      onDone={again}
                    />
                  </li>
                ))}
              </ol>
              {found.next_batch !== undefined && <Do onDo={more}>{t('more')}</Do>}
            </>
          )}
        </Loading>
      </section>
      <section class="card" aria-labelledby="at-a-time">
        <h2 id="at-a-time">{t('history.at')}</h2>
        <Form
          submit={t('history.at-show')}
          onSubmit={async (data) => {
            const version = await get<Shown>(where(place, 'at', new Date(text(data, 'time')).toISOString()))
            setOpen({ look: async () => version })
          }}
        >
          <Field label={t('history.at-time')}>
            {(ids) => (
              <input
                {...ids}
                type="datetime-local"
                name="time"
                required
                defaultValue={localOf(new Date().toISOString())}
              />
            )}
          </Field>
        </Form>
      </section>
      <Vouching place={place} />
      <Proof place={place} />
      {open && 'look' in open && (
        <VersionDialog place={place} read={open.look} current={current} onClose={() => setOpen(undefined)} />
      )}
      {open && 'from' in open && (
        <CompareDialog
          place={place}
          versions={versions}
          from={open.from}
          to={open.to}
          onClose={() => setOpen(undefined)}
        />
      )}
    </div>
  )
}
