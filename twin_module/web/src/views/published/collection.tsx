/** A published collection: what is in it, the newest first, each with its own page. */

import { useState } from 'preact/hooks'
import { Inbox } from 'lucide-preact'
import { Link } from 'wouter-preact'
import { unturned } from '../../parts/addresses'
import { Ago } from '../../parts/ago'
import { Heading } from '../../parts/frame'
import { Empty } from '../../parts/loading'
import { clean, Text } from '../../parts/names'
import { places } from '../../places'
import { t } from '../../texts/texts'
import { capabilityName } from '../objects/names'
import { open, type OneCollection, type PublishedObject } from './opened'

export function PublishedCollection({ token, opened }: { token: string; opened: OneCollection }) {
  const { collection } = opened
  const [objects, setObjects] = useState<readonly PublishedObject[]>(opened.objects)
  const [next, setNext] = useState(opened.next_batch)
  const [busy, setBusy] = useState(false)
  const [failed, setFailed] = useState(false)
  const name = clean(collection.name ?? '') || t('room.unnamed')

  async function more(): Promise<void> {
    if (busy) return
    setBusy(true)
    const answer = await open(token, undefined, next)
    setBusy(false)
    setFailed(answer.is !== 'there')
    if (answer.is !== 'there' || !('objects' in answer.value)) return
    // What changed meanwhile stands on both pages.
    const known = new Set(objects.map(keyOf))
    setObjects([...objects, ...answer.value.objects.filter((each) => !known.has(keyOf(each)))])
    setNext(answer.value.next_batch)
  }

  return (
    <div class="stack">
      <Heading title={name}>
        <Text of={name} />
      </Heading>
      {collection.topic && (
        <p class="soft topic">
          <bdi>{unturned(collection.topic)}</bdi>
        </p>
      )}
      {objects.length === 0 ? (
        <Empty icon={Inbox}>
          <p>{t('published.empty')}</p>
        </Empty>
      ) : (
        <section class="card" aria-label={t('published.objects')}>
          <ul class="list">
            {objects.map((object) => (
              <li key={keyOf(object)}>
                <Link class="plain line" href={places.published(token, object.capability, object.uid)}>
                  <strong class="grow">
                    <Text of={clean(object.title) || capabilityName(object.capability)} />
                  </strong>
                  <span class="chip">{capabilityName(object.capability)}</span>
                  <span class="soft small">
                    <bdi>{object.sender}</bdi>,{' '}
                    <Ago ms={object.updated} />
                  </span>
                </Link>
              </li>
            ))}
          </ul>
        </section>
      )}
      <div role="alert">{failed && <p class="note warn">{t('published.away-text')}</p>}</div>
      {next !== undefined && (
        <button type="button" aria-disabled={busy} onClick={() => void more()}>
          {busy && <span class="busy" aria-hidden="true" />}
          {t('more')}
        </button>
      )}
    </div>
  )
}

const keyOf = ({ capability, uid }: PublishedObject): string => `${capability}\n${uid}`
