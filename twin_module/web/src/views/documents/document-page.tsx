/** One document at its own address: to read, and to write together where one may. */

import type { ComponentChildren } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { History, Pencil, Printer, Tag, Trash2 } from 'lucide-preact'
import { Link, useLocation } from 'wouter-preact'
import { Ago } from '../../parts/ago'
import { Heading, say } from '../../parts/frame'
import { Icon } from '../../parts/icons'
import { later } from '../../parts/later'
import { Loading, useRead } from '../../parts/loading'
import { Menu } from '../../parts/menu'
import { clean, Name, roomName, Text } from '../../parts/names'
import { places } from '../../places'
import { t } from '../../texts/texts'
import type { LiveText } from '../../twin/live-text'
import { twin } from '../../twin/twin'
import type { Place, TwinObject } from '../../twin/types'
import { GoneObject } from '../objects/gone'
import { Proposals } from '../history/proposals'
import { bare } from '../objects/declared'
import { Publish } from '../publishing/publish'
import { Details } from './details'
import { CAPABILITY, keywordsOf, textOf } from './document'
import { useLiveText, useText } from './live'
import { Reader, usePrinting } from './reader'
import { NotTaken, Standing } from './standing'
import { Sheet } from './sheet'
import { Versions } from './versions'
import './document-page.css'

const PlainWriting = later(async () => (await import('./plain-writing')).PlainWriting)

export function DocumentPage({ place }: { place: Place }) {
  const object = twin.object(place)
  const last = useRef(object)
  if (object !== undefined) last.current = object
  const [loaded, again] = useRead(() => twin.readUnlessGone(place), [place.room_id, place.uid])
  if (last.current !== undefined) return <One object={last.current} />
  return (
    <Loading of={loaded} again={again}>
      {() => <GoneObject place={place} />}
    </Loading>
  )
}

function One({ object }: { object: TwinObject }) {
  const [live, anew] = useLiveText(object)
  const title = clean(object.title) || object.uid
  return (
    <article class="stack document-page">
      <p class="way no-print">
        <Link href={places.capability(object.room_id, CAPABILITY)}>
          <Text of={roomName(object.room_id)} />
        </Link>
      </p>
      <Heading title={title}>
        <Text of={title} />
      </Heading>
      <div class="about no-print">
        <span class="soft small">
          <Name id={object.sender} />,{' '}
          <Ago ms={object.updated} />
        </span>
        {keywordsOf(object.content).map((word) => (
          <span key={word} class="chip">
            <bdi>#{clean(word)}</bdi>
          </span>
        ))}
      </div>
      {object.problem !== undefined && (
        <p class="note warn no-print">{t('objects.problem', { problem: clean(object.problem) })}</p>
      )}
      <Proposals place={object} />
      {live && <Body object={object} live={live} onAnew={anew} />}
      <Actions object={object} live={live} />
    </article>
  )
}

/** The text: live where it can be, else as the twin last wrote it down. */
function Body({ object, live, onAnew }: { object: TwinObject; live: LiveText; onAnew: () => void }) {
  const standing = live.standing.value
  const mayWrite = twin.mayWrite(object.room_id)
  const gone = standing === 'gone' || twin.object(object) === undefined
  const text = useText(live)
  const printing = usePrinting()

  async function letGo(): Promise<void> {
    await live.giveUp()
    onAnew()
  }

  if (standing === 'blocked' && mayWrite && !gone) {
    const unsaved = live.whole.value && live.unsent.value > 0
    return (
      <>
        <div class="no-print">
          {unsaved ? (
            <PlainWriting object={object} text={live.text.toString()} onSaved={() => void live.giveUp()} />
          ) : (
            <WrittenDown object={object} once>
              {(found) => <PlainWriting object={object} text={found} />}
            </WrittenDown>
          )}
        </div>
        {printing && <WrittenDown object={object}>{(found) => <Paper text={found} all />}</WrittenDown>}
      </>
    )
  }
  const refused = standing === 'refused' || gone || (!mayWrite && live.unsent.value > 0)
  const why = gone ? t('documents.removed') : live.reason.value || t('documents.may-not')
  const writing = mayWrite && live.whole.value && !refused
  return (
    <>
      {refused && <NotTaken live={live} why={why} onLetGo={() => void letGo()} />}
      {!refused && !writing && <Standing live={live} writing={false} />}
      {!live.whole.value || standing === 'blocked' ? (
        <WrittenDown object={object}>{(found) => <Paper text={found} all={printing} />}</WrittenDown>
      ) : writing ? (
        <Sheet live={live} text={text} printing={printing} />
      ) : (
        <Paper text={text} all={printing} />
      )}
    </>
  )
}

function Paper({ text, all }: { text: string; all: boolean }) {
  return (
    <div class="card sheet paper">
      <Reader text={text} all={all} />
    </div>
  )
}

interface WrittenDownProps {
  object: TwinObject
  /** Whether later versions don't matter, because somebody writes on this one. */
  once?: boolean
  children: (text: string) => ComponentChildren
}

/** The text as the twin last wrote it down. */
function WrittenDown({ object, once = false, children }: WrittenDownProps) {
  const [loaded, again] = useRead(() => textOf(object), [once || object.etag])
  return (
    <Loading of={loaded} again={again}>
      {children}
    </Loading>
  )
}

function Actions({ object, live }: { object: TwinObject; live: LiveText | undefined }) {
  const [open, setOpen] = useState<'details' | 'versions'>()
  const [, go] = useLocation()
  const mayWrite = twin.mayWrite(object.room_id) && twin.object(object) !== undefined
  const close = (): void => setOpen(undefined)

  function remove(): void {
    const { room_id, capability, type, uid, content, title } = object
    void live?.giveUp()
    twin.outbox.remove(object)
    go(places.capability(room_id, capability))
    say(t('objects.removed', { title: clean(title) }), {
      action: { label: t('undo'), run: () => twin.outbox.make(room_id, capability, type, bare(content), uid) },
    })
  }

  return (
    <div class="actions no-print">
      {mayWrite && (
        <button type="button" onClick={() => setOpen('details')}>
          <Icon of={Pencil} />
          {t('documents.details')}
        </button>
      )}
      <button type="button" onClick={() => setOpen('versions')}>
        <Icon of={Tag} />
        {t(mayWrite ? 'documents.name-version' : 'documents.versions')}
      </button>
      <Link href={places.history(object)} class="button">
        <Icon of={History} />
        {t('objects.history')}
      </Link>
      <Publish place={object} />
      <Menu
        label={t('menu')}
        choices={() => [
          { label: t('documents.print'), icon: Printer, run: () => print() },
          ...(mayWrite ? [{ label: t('remove'), icon: Trash2, bad: true, run: remove }] : []),
        ]}
      />
      {open === 'details' && <Details object={object} onClose={close} />}
      {open === 'versions' && (
        <Versions object={object} now={() => live?.text.toString() ?? ''} onClose={close} />
      )}
    </div>
  )
}
