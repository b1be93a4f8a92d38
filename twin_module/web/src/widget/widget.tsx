/** A collection as it stands beside the messages of its room: small, for reading, and always as it is now. */

import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { ExternalLink, Inbox, Square, SquareCheck, Unplug, WifiOff } from 'lucide-preact'
import { Icon } from '../parts/icons'
import { clean } from '../parts/clean'
import { places } from '../places'
import { t } from '../texts/texts'
import { HOME } from '../twin/api'
import { capabilityName } from '../views/objects/names'
import { sorted, type ShownTask } from './collection'
import { follow, type Shown, type ShownEvent, type ShownObject, type Standing } from './read'
import { dueWords, eventWords } from './times'

interface WidgetProps {
  token: string
  /** Who looks, and in which room, as the client says. */
  user: string
  room: string
}

export function Widget({ token, user, room }: WidgetProps) {
  const [standing, setStanding] = useState<Standing>({ is: 'reading' })
  useEffect(() => {
    const stop = new AbortController()
    void follow(token, stop.signal, setStanding)
    return () => stop.abort()
  }, [token])
  switch (standing.is) {
    case 'reading':
      return (
        <p class="empty" role="status">
          <span class="busy" aria-hidden="true" />
          {t('loading')}
        </p>
      )
    case 'nothing':
      return (
        <main class="empty" role="status">
          <Icon of={Unplug} />
          <h1>{t('widget.withdrawn')}</h1>
          <p>{t('widget.withdrawn-text')}</p>
        </main>
      )
    case 'away':
      return (
        <main class="empty" role="status">
          <Icon of={WifiOff} />
          <p>{t('widget.away-text')}</p>
        </main>
      )
    case 'there':
      return <Collection shown={standing.shown} away={standing.away} own={user === standing.shown.owner ? room : ''} />
  }
}

interface CollectionProps {
  shown: Shown
  away: boolean
  /** The room, where the owner looks, who has a page of their own for it. */
  own: string
}

function Collection({ shown, away, own }: CollectionProps) {
  const { open, done, others } = sorted(shown.objects)
  const hasTasks = open.length + done.length > 0
  const name = clean(shown.collection.name ?? '') || t('room.unnamed')
  useEffect(() => {
    document.title = name
  }, [name])
  return (
    <div class="widget">
      <header>
        <h1>
          <bdi>{name}</bdi>
        </h1>
        {own !== '' && (
          <a href={`${HOME}${places.collection(own)}`} target="_blank" rel="noopener" title={t('widget.open-means')}>
            <Icon of={ExternalLink} /> {t('widget.open')}
          </a>
        )}
      </header>
      <main>
        <p role="status" class="state">
          {away && t('widget.away')}
        </p>
        {!hasTasks && others.size === 0 && shown.next.length === 0 && (
          <div class="empty">
            <Icon of={Inbox} />
            <p>{t('widget.empty')}</p>
          </div>
        )}
        {shown.next.length > 0 && (
          <Section title={t('widget.next')}>
            <ul>{shown.next.map((each) => <OneEvent key={each.uid + each.start} event={each} />)}</ul>
          </Section>
        )}
        {hasTasks && (
          <Section title={t('collection.tab.tasks')}>
            {open.length > 0 ? <Tasks of={open} /> : <p class="soft">{t('widget.all-done')}</p>}
            {done.length > 0 && (
              <details>
                <summary>{t('widget.done', { count: done.length })}</summary>
                <Tasks of={done} />
              </details>
            )}
          </Section>
        )}
        {[...others].map(([capability, objects]) => (
          <Section key={capability} title={capabilityName(capability)}>
            <ul>{objects.map((each) => <OneObject key={each.uid} object={each} />)}</ul>
          </Section>
        ))}
        {shown.more && <p class="soft small">{t('widget.more')}</p>}
        <p class="soft small">{t('widget.read-only')}</p>
      </main>
    </div>
  )
}

function Section({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  )
}

function Tasks({ of: tasks }: { of: readonly ShownTask[] }) {
  return (
    <ul>
      {tasks.map((task) => (
        <li key={task.key} class={task.open ? '' : 'soft'}>
          <Icon of={task.open ? Square : SquareCheck} />
          <span>
            <bdi>{task.title || t('widget.untitled')}</bdi> <TaskFacts task={task} />
          </span>
        </li>
      ))}
    </ul>
  )
}

function TaskFacts({ task: { due, open, people } }: { task: ShownTask }) {
  const late = due !== undefined && open && due.at < Date.now()
  return (
    <span class="facts">
      {due !== undefined && open && (
        <span class={late ? 'late' : ''}>{t(late ? 'widget.late' : 'widget.due', { when: dueWords(due) })}</span>
      )}
      {people.map((name) => (
        <bdi key={name}>@{name}</bdi>
      ))}
    </span>
  )
}

function OneEvent({ event }: { event: ShownEvent }) {
  const title = clean(event.title) || t(event.title === '' ? 'widget.busy' : 'widget.untitled')
  return (
    <li>
      <span>
        <span class="when numbers">{eventWords(event)}</span>{' '}
        <bdi>{event.cancelled ? t('widget.called-off', { title }) : title}</bdi>
      </span>
    </li>
  )
}

function OneObject({ object }: { object: ShownObject }) {
  return (
    <li>
      <bdi>{clean(object.title) || t('widget.untitled')}</bdi>
    </li>
  )
}
