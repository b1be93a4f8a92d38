/** The history of one object: its versions, how they differ, putting one back, and proofs. */

import { useState } from 'preact/hooks'
import { Link } from 'wouter-preact'
import { Field, Form, text } from '../parts/form'
import { Heading } from '../parts/frame'
import { Loading, useRead } from '../parts/loading'
import { clean, roomName, Text } from '../parts/names'
import { places } from '../places'
import { t } from '../texts/texts'
import { get } from '../twin/api'
import { twin } from '../twin/twin'
import type { Place } from '../twin/types'
import { CompareDialog, VersionDialog, where } from './history/dialogs'
import { Proof } from './history/proof'
import { Proposals } from './history/proposals'
import type { Shown, Version } from './history/told'
import { VersionLine } from './history/version'
import { Vouching } from './history/vouching'
import { localOf } from './objects/draft'
import './history/history.css'

const PAGE = 50

interface Versions {
  versions: Version[]
  complete: boolean
  more: boolean
}

type Open = { look: () => Promise<Shown> } | { from: string; to: string } | undefined

export function History({ place }: { place: Place }) {
  const [pages, setPages] = useState(1)
  const [open, setOpen] = useState<Open>()
  const object = twin.object(place)
  // What the stream brings changes one of these, and the versions are read again.
  const [loaded, again] = useRead(
    () => readVersions(place, pages),
    [pages, twin.shelf.get(place)?.etag, twin.conflicts.value],
  )
  const versions = loaded.state === 'there' ? loaded.value.versions : []
  const current = versions.find((each) => each.current)?.event_id
  const title = clean(object?.title ?? versions.find((each) => each.title !== null)?.title ?? '') || place.uid
  return (
    <div class="stack history">
      <p class="small">
        <Link href={places.collection(place.room_id)}>
          <bdi>{roomName(place.room_id)}</bdi>
        </Link>
        {' › '}
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
              {found.more && (
                <button type="button" onClick={() => setPages(pages + 1)}>
                  {t('more')}
                </button>
              )}
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

async function readVersions(place: Place, pages: number): Promise<Versions> {
  const versions: Version[] = []
  let from: string | undefined
  let complete = true
  for (let number = 0; number < pages; number++) {
    const page: { versions: Version[]; complete: boolean; next_batch?: string } = await get(where(place, 'history'), {
      limit: PAGE,
      from,
    })
    versions.push(...page.versions)
    complete &&= page.complete
    from = page.next_batch
    if (from === undefined) break
  }
  if (twin.object(place) === undefined && versions.some((each) => each.current && !each.removed))
    await twin.readObject(place)
  return { versions, complete, more: from !== undefined }
}
