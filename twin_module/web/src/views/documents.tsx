/** The documents of a collection, the one that changed last first. */

import { useEffect, useState } from 'preact/hooks'
import { FileText, Plus } from 'lucide-preact'
import { Link, useLocation } from 'wouter-preact'
import { Ago } from '../parts/ago'
import { Dialog } from '../parts/dialog'
import { Field, Form, sentence, text } from '../parts/form'
import { Icon } from '../parts/icons'
import { Empty, Loading, useRead } from '../parts/loading'
import { Name, Text } from '../parts/names'
import { places } from '../places'
import { t } from '../texts/texts'
import { get, path } from '../twin/api'
import { twin } from '../twin/twin'
import type { TwinObject } from '../twin/types'
import { byUpdated } from './objects/declared'
import { CAPABILITY, LONGEST_TITLE } from './documents/document'
import './documents.css'

/** Documents bring their texts along, so no more of them are read than are looked at. */
const PAGE = 100

interface Page {
  /** What changed before this is not read yet. */
  since: number
  from: string | undefined
}

export function Documents({ roomId }: { roomId: string }) {
  const [first, again] = useRead(() => readPage(roomId, undefined), [roomId])
  const mayWrite = twin.mayWrite(roomId)
  return (
    <div class="stack documents">
      <div class="spread">
        <h2>{t('collection.tab.docs')}</h2>
        {mayWrite && <New roomId={roomId} />}
      </div>
      <Loading of={first} again={again}>
        {(page) => <List roomId={roomId} first={page} mayWrite={mayWrite} />}
      </Loading>
    </div>
  )
}

async function readPage(roomId: string, from: string | undefined): Promise<Page> {
  const page = await get<{ objects: TwinObject[]; next_batch?: string }>(path('rooms', roomId, 'objects'), {
    capability: CAPABILITY,
    sort: '-updated',
    limit: PAGE,
    from,
  })
  twin.shelf.take(page.objects)
  return { since: page.next_batch === undefined ? 0 : (page.objects.at(-1)?.updated ?? 0), from: page.next_batch }
}

function List({ roomId, first, mayWrite }: { roomId: string; first: Page; mayWrite: boolean }) {
  const [{ since, from }, setLast] = useState(first)
  const [problem, setProblem] = useState('')
  const [busy, setBusy] = useState(false)
  useEffect(() => setLast(first), [first])
  const documents = twin.objects.value
    .filter((each) => each.room_id === roomId && each.capability === CAPABILITY && each.updated >= since)
    .sort(byUpdated)
  if (documents.length === 0) {
    return (
      <Empty icon={FileText}>
        <p>{t(mayWrite ? 'documents.none' : 'documents.none-to-read')}</p>
      </Empty>
    )
  }

  async function more(): Promise<void> {
    if (busy) return
    setBusy(true)
    setProblem('')
    try {
      setLast(await readPage(roomId, from))
    } catch (error) {
      setProblem(sentence(error))
    } finally {
      setBusy(false)
    }
  }

  return (
    <>
      <ul class="list">
        {documents.map((each) => (
          <li key={each.uid}>
            <Line document={each} />
          </li>
        ))}
      </ul>
      <div role="alert">{problem !== '' && <p class="note bad">{problem}</p>}</div>
      {from !== undefined && (
        <button type="button" aria-disabled={busy} onClick={() => void more()}>
          {busy && <span class="busy" aria-hidden="true" />}
          {t('more')}
        </button>
      )}
    </>
  )
}

function Line({ document }: { document: TwinObject }) {
  return (
    <Link href={places.object(document)} class="plain document-line">
      <Icon of={FileText} />
      <strong class="grow">
        <Text of={document.title || document.uid} />
      </strong>
      <span class="soft small">
        {twin.outbox.isWaiting(document) && <span class="chip">{t('objects.waits')}</span>} <Name id={document.sender} />
        {', '}
        <Ago ms={document.updated} />
      </span>
    </Link>
  )
}

function New({ roomId }: { roomId: string }) {
  const [open, setOpen] = useState(false)
  const [, go] = useLocation()

  function make(data: FormData): void {
    const content = { '@type': 'Document', title: text(data, 'title'), text: '' }
    go(places.object(twin.outbox.make(roomId, CAPABILITY, twin.typeOf(CAPABILITY), content)))
  }

  return (
    <>
      <button type="button" class="main" onClick={() => setOpen(true)}>
        <Icon of={Plus} />
        {t('documents.new')}
      </button>
      {open && (
        <Dialog title={t('documents.new')} onClose={() => setOpen(false)}>
          <Form submit={t('create')} onSubmit={make} onCancel={() => setOpen(false)}>
            <Field label={t('documents.title')}>
              {(ids) => (
                <input {...ids} name="title" required maxLength={LONGEST_TITLE} pattern=".*\S.*" autocomplete="off" autofocus />
              )}
            </Field>
          </Form>
        </Dialog>
      )}
    </>
  )
}
