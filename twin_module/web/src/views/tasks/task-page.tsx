/** One task at its own address: everything about it, to change where one may. */

import { useState } from 'preact/hooks'
import { FolderInput, History, Trash } from 'lucide-preact'
import { Link, useLocation } from 'wouter-preact'
import { unturned } from '../../parts/addresses'
import { Ago } from '../../parts/ago'
import { Heading } from '../../parts/frame'
import { Icon } from '../../parts/icons'
import { Loading, useRead } from '../../parts/loading'
import { clean, Name, roomName, Text } from '../../parts/names'
import { places } from '../../places'
import { t } from '../../texts/texts'
import { keyOf } from '../../twin/shelf'
import { twin } from '../../twin/twin'
import type { Place } from '../../twin/types'
import { GoneObject } from '../objects/gone'
import { Proposals } from '../history/proposals'
import { Publish } from '../publishing/publish'
import { CAPABILITY, removeAll, short, useNow } from './acts'
import { Editable } from './editable'
import { Facts } from './facts'
import { MoveDialog } from './move'
import { Parts, PartOf, useFamily } from './parts'
import { People } from './people'
import { taskOf, type Task } from './task'
import { lines } from './tree'
import { Words } from './words'
import '../tasks.css'

export function TaskPage({ place }: { place: Place }) {
  const object = twin.object(place)
  const [loaded, again] = useRead(() => twin.readUnlessGone(place), [place.room_id, place.uid])
  if (object !== undefined) return <One task={taskOf(object)} />
  return (
    <Loading of={loaded} again={again}>
      {() => <GoneObject place={place} says={t('tasks.gone.text')} />}
    </Loading>
  )
}

function One({ task }: { task: Task }) {
  const now = useNow()
  const [, go] = useLocation()
  const [moving, setMoving] = useState(false)
  const { parent, down } = useFamily(task)
  const { object } = task
  const change = twin.mayWrite(object.room_id)
  const list = places.capability(object.room_id, CAPABILITY)
  const remove = (): void => {
    const self = [...down.keys()].find((each) => each.key === task.key)
    removeAll(self ? lines(self, down).map((line) => line.task) : [task])
    go(list)
  }
  return (
    <article class="stack task-page">
      <p class="way">
        <Link href={list}>
          <Text of={roomName(object.room_id)} />
        </Link>
      </p>
      <Heading title={short(task.title)}>
        <Text of={task.title} />
      </Heading>
      {parent && <PartOf parent={parent} task={task} />}
      <Facts task={task} now={now} />
      {object.problem !== undefined && (
        <p class="note warn">{t('tasks.problem.text', { problem: clean(object.problem) })}</p>
      )}
      <Unsaved task={task} />
      <Proposals place={object} />
      {change ? <Editable task={task} /> : <Readable task={task} />}
      <Parts task={task} down={down} now={now} />
      <div class="actions no-print">
        <Link href={places.history(object)} class="button">
          <Icon of={History} />
          {t('objects.history')}
        </Link>
        <Publish place={object} />
        {change && (
          <>
            <button type="button" onClick={() => setMoving(true)}>
              <Icon of={FolderInput} />
              {t('tasks.move')}
            </button>
            <button type="button" class="bad" onClick={remove}>
              <Icon of={Trash} />
              {t('remove')}
            </button>
          </>
        )}
      </div>
      <p class="soft small">
        {t('tasks.changed')} <Name id={object.sender} />,{' '}
        <Ago ms={object.updated} />
      </p>
      {moving && (
        <MoveDialog
          task={task}
          onClose={() => setMoving(false)}
          onMoved={(to) => go(places.object(to), { replace: true })}
        />
      )}
    </article>
  )
}

/** What who may only read sees beyond the facts. */
function Readable({ task }: { task: Task }) {
  const { description } = task.object.content
  return (
    <div class="card stack">
      <p>
        <span class="label">{t('tasks.field.progress')}:</span> {t(`tasks.progress.${task.progress}`)}
      </p>
      <People task={task} change={false} />
      <Words task={task} change={false} />
      {typeof description === 'string' && description !== '' && (
        <p class="description" dir="auto">
          {unturned(description)}
        </p>
      )}
    </div>
  )
}

/** What was typed and not taken: it stays here to be copied until the message about it is closed. */
function Unsaved({ task }: { task: Task }) {
  const texts = twin.outbox.rejected.value.flatMap(({ write }) =>
    keyOf(write.place) === task.key && 'change' in write.what
      ? [write.what.change.title, write.what.change.description].filter((each) => typeof each === 'string')
      : [],
  )
  if (texts.length === 0) return null
  return (
    <div class="note bad">
      <p>{t('tasks.unsaved')}</p>
      {texts.map((text) => (
        <p class="description" dir="auto">
          {text}
        </p>
      ))}
    </div>
  )
}
