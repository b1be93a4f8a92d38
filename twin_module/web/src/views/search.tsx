/** Search over everything that the twin holds: objects by the twin's index, collections and people by their names. */

import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { Search as Glass, SearchX, UsersRound } from 'lucide-preact'
import { Link, useLocation, useSearch } from 'wouter-preact'
import { ago } from '../dates'
import { safeAddress } from '../parts/addresses'
import { Heading } from '../parts/frame'
import { Icon } from '../parts/icons'
import { Empty } from '../parts/loading'
import { Avatar, clean, Name, nameOf, roomName } from '../parts/names'
import { places } from '../places'
import { t } from '../texts/texts'
import { twin } from '../twin/twin'
import { capabilityName } from './objects/names'
import { useMessages, type Message } from './search/messages'
import { LONGEST, useQuestion, type Result } from './search/questions'
import { asked, fits, marked, type Part } from './search/words'
import { useWishes } from './settings/wishes'
import './search/search.css'

const MOST_NAMED = 20

export function Search() {
  const query = new URLSearchParams(useSearch())
  const [, go] = useLocation()
  const question = query.get('q') ?? ''
  const capability = query.get('capability') ?? ''
  const input = useRef<HTMLInputElement>(null)
  const { answer, busy, reading, problem, more, again } = useQuestion(question, capability)
  const words = asked(question)
  const [wishes] = useWishes()
  const inChats = capability === '' && wishes.state === 'there' && wishes.value.search_chats
  const messages = useMessages(answer?.question, inChats)

  useEffect(() => {
    input.current?.focus()
    const keys = (event: KeyboardEvent): void => {
      if ((event.ctrlKey || event.metaKey) && event.key === 'k') {
        event.preventDefault()
        input.current?.select()
      }
    }
    addEventListener('keydown', keys)
    return () => removeEventListener('keydown', keys)
  }, [])

  /** Says it in the address as well, without a step back for each letter. */
  function ask(q: string, of: string): void {
    const next = new URLSearchParams()
    if (q !== '') next.set('q', q)
    if (of !== '') next.set('capability', of)
    go(next.size > 0 ? `${places.search}?${next}` : places.search, { replace: true })
  }

  const rooms = capability === '' ? roomsNamed(words) : []
  const people = capability === '' ? peopleNamed(words) : []
  const results = answer?.results ?? []
  const count = rooms.length + people.length + results.length + messages.length
  return (
    <div class="stack search" onKeyDown={(event) => walk(event, input.current)}>
      <Heading title={t('search.title')}>{t('search.title')}</Heading>
      <form role="search" class="stack" onSubmit={(event) => event.preventDefault()}>
        <div class="box">
          <Icon of={Glass} />
          <input
            ref={input}
            type="search"
            value={question}
            maxlength={LONGEST}
            aria-label={t('search.label')}
            placeholder={t('search.label')}
            autocomplete="off"
            enterkeyhint="search"
            onInput={({ currentTarget }) => ask(currentTarget.value, capability)}
          />
        </div>
        <div class="actions" role="group" aria-label={t('search.in')}>
          {['', ...twin.capabilities.value.map(({ name }) => name)].map((name) => (
            <button
              key={name}
              type="button"
              class="quiet"
              aria-pressed={name === capability}
              onClick={() => ask(question, name)}
            >
              {name === '' ? t('search.everything') : capabilityName(name)}
            </button>
          ))}
        </div>
      </form>
      <p class="hidden-text" role="status">
        {words.length > 0 && !busy && t('search.found', { count })}
      </p>
      {words.length === 0 ? (
        <Empty icon={Glass}>
          <p>{t('search.begin')}</p>
        </Empty>
      ) : (
        <>
          {rooms.length > 0 && (
            <Named title={t('search.collections')}>
              {rooms.map((room) => (
                <li key={room.room_id}>
                  <Link
                    href={room.kind === 'circle' ? places.circle(room.room_id) : places.collection(room.room_id)}
                    class="plain found"
                  >
                    <Marked parts={marked(roomName(room.room_id), words)} />{' '}
                    {room.kind === 'circle' && <span class="chip">{t('search.circle')}</span>}
                  </Link>
                </li>
              ))}
            </Named>
          )}
          {people.length > 0 && (
            <Named title={t('search.people')}>
              {people.map((id) => (
                <li key={id}>
                  <Link href={places.person(id)} class="plain found">
                    <span class="row">
                      <Avatar id={id} small />
                      <span class="grow">
                        <Marked parts={marked(nameOf(id), words)} /> <span class="soft small">{clean(id)}</span>
                      </span>
                    </span>
                  </Link>
                </li>
              ))}
            </Named>
          )}
          {results.length > 0 && (
            <Named title={t('search.objects')}>
              {results.map((each) => (
                <li key={`${each.room_id} ${each.capability} ${each.uid}`}>
                  <One result={each} />
                </li>
              ))}
            </Named>
          )}
          {answer?.next !== undefined && problem === '' && (
            <button type="button" aria-disabled={reading} onClick={() => void more()}>
              {reading && <span class="busy" aria-hidden="true" />}
              {t('more')}
            </button>
          )}
          {messages.length > 0 && (
            <Named title={t('search.messages')}>
              {messages.map((each) => (
                <li key={each.event_id}>
                  <Said message={each} />
                </li>
              ))}
            </Named>
          )}
          {problem !== '' && (
            <div class="empty" role="alert">
              <p>{problem}</p>
              <button type="button" onClick={again}>
                {t('again')}
              </button>
            </div>
          )}
          {count === 0 && busy && (
            <p class="empty" role="status">
              <span class="busy" aria-hidden="true" />
              {t('loading')}
            </p>
          )}
          {count === 0 && !busy && problem === '' && (
            <Empty icon={capability === '' ? SearchX : UsersRound}>
              <p>{t('search.nothing', { question: clean(question) })}</p>
              {capability !== '' && (
                <button type="button" onClick={() => ask(question, '')}>
                  {t('search.everywhere')}
                </button>
              )}
            </Empty>
          )}
        </>
      )}
    </div>
  )
}

function Named({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section>
      <h2>{title}</h2>
      <ul class="list">{children}</ul>
    </section>
  )
}

function One({ result }: { result: Result }) {
  const titled = clean(result.title) !== ''
  return (
    <Link href={places.object(result)} class="plain found">
      <span class="spread">
        <strong class="title">
          <Marked parts={titled ? result.title_parts : [{ text: result.uid, match: false }]} />
        </strong>
        <span class="chip">{capabilityName(result.capability)}</span>
      </span>
      {result.excerpt.length > 0 && (
        <span class="excerpt">
          <Marked parts={result.excerpt} />
        </span>
      )}
      <span class="soft small">
        <bdi>{roomName(result.room_id)}</bdi>, {ago(result.updated)}
      </span>
    </Link>
  )
}

/** A message, which a Matrix client opens. */
function Said({ message }: { message: Message }) {
  return (
    <a href={safeAddress(message.uri)} class="plain found" rel="noopener noreferrer nofollow">
      <span class="excerpt">
        <Marked parts={message.excerpt} />
      </span>
      <span class="soft small">
        <Name id={message.sender} />, <bdi>{roomName(message.room_id)}</bdi>, {ago(message.sent)}
      </span>
    </a>
  )
}

/** A text of somebody's, in which what was searched for is marked. */
function Marked({ parts }: { parts: readonly Part[] }) {
  return (
    <bdi>
      {parts.map(({ text, match }, index) => {
        const seen = `${/^\s/.test(text) && index > 0 ? ' ' : ''}${clean(text)}${/\s$/.test(text) ? ' ' : ''}`
        return match ? <mark key={index}>{seen}</mark> : <span key={index}>{seen}</span>
      })}
    </bdi>
  )
}

function roomsNamed(words: readonly string[]) {
  return [...twin.collections.value, ...twin.circles.value]
    .filter((room) => fits([room.name ?? ''], words))
    .slice(0, MOST_NAMED)
}

function peopleNamed(words: readonly string[]): string[] {
  return [...twin.people.value.keys()].filter((id) => fits([nameOf(id), id], words)).slice(0, MOST_NAMED)
}

/** Arrow keys go from the input through what was found, and back; Escape goes back at once. */
function walk(event: KeyboardEvent & { currentTarget: HTMLElement }, input: HTMLInputElement | null): void {
  const found = [...event.currentTarget.querySelectorAll<HTMLElement>('a.found')]
  const at = found.indexOf(document.activeElement as HTMLElement)
  if (at < 0 && document.activeElement !== input) return
  const to =
    event.key === 'ArrowDown'
      ? found[at + 1]
      : event.key === 'ArrowUp'
        ? at === 0
          ? input
          : found[at - 1]
        : event.key === 'End' && at >= 0
          ? found.at(-1)
          : event.key === 'Home' && at >= 0
            ? found[0]
            : event.key === 'Escape' && at >= 0
              ? input
              : undefined
  if (!to) return
  event.preventDefault()
  to.focus()
}
