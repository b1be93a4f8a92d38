/** An event at a glance: when, where and who, and the way to its page. */

import type { ComponentChildren } from 'preact'
import { AlignLeft, CalendarClock, LayoutGrid, MapPin, Pencil, Repeat, Trash2, UsersRound, Video } from 'lucide-preact'
import type { LucideIcon } from 'lucide-preact'
import { Link } from 'wouter-preact'
import { useSome } from '../../parts/some'
import { safeAddress } from '../../parts/addresses'
import { Dialog } from '../../parts/dialog'
import { Icon } from '../../parts/icons'
import { Avatar, clean, nameOf, roomName, Text } from '../../parts/names'
import { places } from '../../places'
import { t } from '../../texts/texts'
import { twin } from '../../twin/twin'
import { elsewhere } from '../tasks/facts'
import { addressesOf, descriptionOf, guestsOf, keywordsOf, placesOf, type Guest } from './details'
import { entryOfEvent } from './entry'
import type { CalendarEvent } from './event'
import { whenFully } from './words'

const MOST_GUESTS = 10
const MOST_WORDS = 20
const MOST_PLACES = 20

interface OneEventProps {
  event: CalendarEvent
  onClose: () => void
  onChange: () => void
  onRemove: () => void
}

export function OneEvent({ event, onClose, onChange, onRemove }: OneEventProps) {
  const { object } = event
  const { content } = object
  const mayWrite = twin.mayWrite(object.room_id)
  const description = descriptionOf(content)
  const words = keywordsOf(content)
  return (
    <Dialog title={clean(event.title)} onClose={onClose}>
      <div class="stack tight one-event">
        <Marks event={event} />
        <When event={event} />
        {placesOf(content)
          .slice(0, MOST_PLACES)
          .map(({ id, name }) => (
            <Fact key={id} icon={MapPin} label={t('agenda.where')}>
              <Text of={name} />
            </Fact>
          ))}
        {addressesOf(content)
          .slice(0, MOST_PLACES)
          .map(({ name, address }) => (
            <Fact key={address} icon={Video} label={t('agenda.online')}>
              {name !== '' && (
                <>
                  <Text of={name} />
                  <br />
                </>
              )}
              <Address of={address} />
            </Fact>
          ))}
        <Guests of={guestsOf(content)} />
        <Fact icon={LayoutGrid} label={t('tasks.into')}>
          <Link href={places.collection(object.room_id)}>
            <Text of={roomName(object.room_id)} />
          </Link>
        </Fact>
        {description !== '' && (
          <Fact icon={AlignLeft} label={t('agenda.field.description')}>
            <p class="description" dir="auto">
              {description}
            </p>
          </Fact>
        )}
        {words.length > 0 && (
          <ul class="chips">
            {words.slice(0, MOST_WORDS).map((word) => (
              <li key={word} class="chip">
                <span class="clip">
                  #<Text of={word} />
                </span>
              </li>
            ))}
          </ul>
        )}
      </div>
      <div class="actions">
        <Link href={places.object(object)} class="button">
          {t('agenda.page')}
        </Link>
        {mayWrite && (
          <>
            <button type="button" onClick={onChange}>
              <Icon of={Pencil} />
              {t('edit')}
            </button>
            <button type="button" class="bad" onClick={onRemove}>
              <Icon of={Trash2} />
              {t('remove')}
            </button>
          </>
        )}
      </div>
    </Dialog>
  )
}

function Marks({ event: { object, status } }: { event: CalendarEvent }) {
  const waiting = twin.outbox.isWaiting(object)
  if (status === 'confirmed' && object.problem === undefined && !waiting) return null
  return (
    <p class="facts">
      {waiting && <span class="chip warn waits">{t('tasks.waiting')}</span>}
      {status !== 'confirmed' && (
        <span class={`chip ${status === 'cancelled' ? 'bad' : 'warn'}`}>{t(`agenda.status.${status}`)}</span>
      )}
      {object.problem !== undefined && <span class="chip warn">{t('tasks.problem')}</span>}
    </p>
  )
}

function When({ event }: { event: CalendarEvent }) {
  const { zone, zoneKnown } = event
  const there = zoneKnown ? elsewhere({ at: event.start, dayOnly: event.wholeDay, zone }) : undefined
  return (
    <>
      <Fact icon={CalendarClock} label={t('agenda.field.when')}>
        {whenFully(entryOfEvent(event))}
        {there !== undefined && <p class="soft small">{there}</p>}
        {zone !== undefined && !zoneKnown && (
          <p class="soft small">{t('agenda.zone-unknown', { zone: clean(zone) })}</p>
        )}
      </Fact>
      {event.repeats && (
        <Fact icon={Repeat} label={t('agenda.repeats')}>
          {t('agenda.repeats.text')}
        </Fact>
      )}
    </>
  )
}

/** The address itself is shown, not what somebody calls it; others than those of the web are no links. */
function Address({ of }: { of: string }) {
  const safe = safeAddress(of)
  if (safe === undefined) return <Text of={of} />
  return (
    <a href={safe} rel="noopener noreferrer nofollow" target="_blank">
      <Text of={of} />
    </a>
  )
}

function Guests({ of }: { of: readonly Guest[] }) {
  const [some, more] = useSome(of, MOST_GUESTS)
  if (of.length === 0) return null
  return (
    <Fact icon={UsersRound} label={t('agenda.who')}>
      <ul class="stack tight">
        {some.map(({ id, name, status }) => (
          <li key={id} class="row">
            <Avatar id={id} small />
            <span class="grow">
              <Text of={id.startsWith('@') ? nameOf(id) : name || id} />
              <span class="soft small"> {t(`agenda.answer.${status}`)}</span>
            </span>
          </li>
        ))}
      </ul>
      {more}
    </Fact>
  )
}

function Fact({ icon, label, children }: { icon: LucideIcon; label: string; children: ComponentChildren }) {
  return (
    <div class="fact">
      <Icon of={icon} />
      <div class="grow">
        <span class="hidden-text">{label}: </span>
        {children}
      </div>
    </div>
  )
}
