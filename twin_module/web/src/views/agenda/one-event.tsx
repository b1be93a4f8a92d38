/** An event at a glance: when, where and who, what to answer, and the way to its page. */

import type { ComponentChildren } from 'preact'
import { AlignLeft, Bell, CalendarClock, LayoutGrid, MapPin, Pencil, Repeat, TriangleAlert, Video } from 'lucide-preact'
import type { LucideIcon } from 'lucide-preact'
import { Link } from 'wouter-preact'
import { safeAddress, unturned } from '../../parts/addresses'
import { Dialog } from '../../parts/dialog'
import { Icon } from '../../parts/icons'
import { clean, roomName, Text } from '../../parts/names'
import { places } from '../../places'
import { t } from '../../texts/texts'
import { twin } from '../../twin/twin'
import { elsewhere } from '../tasks/facts'
import { alertSaid } from './alert-words'
import { alertsOf } from './alerts'
import { OwnAnswer } from './answer'
import { against } from './conflicts'
import { addressesOf, descriptionOf, isAsked, keywordsOf, placesOf } from './details'
import { entryOfEvent, type Entry } from './entry'
import type { CalendarEvent } from './event'
import { Guests } from './guests'
import { MoreToDo } from './more-to-do'
import { repeatSaid } from './repeat-words'
import { whenFully } from './words'

const MOST_WORDS = 20
const MOST_PLACES = 20
const MOST_AGAINST = 5

export interface OneEventProps {
  event: CalendarEvent
  /** What else stands in the agenda around it. */
  entries: readonly Entry[]
  onClose: () => void
  onChange: () => void
  onInvite: () => void
  onCancel: () => void
  onRemove: () => void
}

export function OneEvent({ event, entries, onClose, onChange, onInvite, onCancel, onRemove }: OneEventProps) {
  const { object, content } = event
  const mayWrite = twin.mayWrite(object.room_id)
  const description = descriptionOf(content)
  const words = keywordsOf(content)
  const asked = isAsked(content, twin.owner.value) && event.status !== 'cancelled'
  return (
    <Dialog title={clean(event.title)} onClose={onClose}>
      <div class="stack tight one-event">
        <Marks event={event} />
        {asked && <OwnAnswer place={object} title={event.title} given={event.answer} />}
        <When event={event} />
        <Against event={event} entries={entries} />
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
        <Guests event={event} />
        <Alerts event={event} />
        <Fact icon={LayoutGrid} label={t('tasks.into')}>
          <Link href={places.collection(object.room_id)}>
            <Text of={roomName(object.room_id)} />
          </Link>
        </Fact>
        {description !== '' && (
          <Fact icon={AlignLeft} label={t('agenda.field.description')}>
            <p class="description" dir="auto">
              {unturned(description)}
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
        {mayWrite && (
          <button type="button" onClick={onChange}>
            <Icon of={Pencil} />
            {t('edit')}
          </button>
        )}
        <MoreToDo event={event} mayWrite={mayWrite} onInvite={onInvite} onCancel={onCancel} onRemove={onRemove} />
        <Link href={places.object(object)} class="button">
          {t('agenda.page')}
        </Link>
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
          {repeatSaid(event.object.content, event.first)}
        </Fact>
      )}
    </>
  )
}

/** What else wants the same time. */
function Against({ event, entries }: { event: CalendarEvent; entries: readonly Entry[] }) {
  const found = against(entryOfEvent(event), entries)
  if (found.length === 0) return null
  return (
    <Fact icon={TriangleAlert} label={t('agenda.conflict')} drawn="warn">
      {t('agenda.conflict.with')}
      <ul class="small">
        {found.slice(0, MOST_AGAINST).map((each) => (
          <li key={each.key}>
            <Text of={each.title} /> <span class="soft">{whenFully(each)}</span>
          </li>
        ))}
      </ul>
      {found.length > MOST_AGAINST && (
        <span class="small soft">{t('agenda.more', { count: found.length - MOST_AGAINST })}</span>
      )}
    </Fact>
  )
}

function Alerts({ event }: { event: CalendarEvent }) {
  const alerts = alertsOf(event.content)
  if (alerts.length === 0) return null
  const said = [...new Set(alerts.map(({ offset }) => alertSaid(offset, event.wholeDay)))]
  return (
    <Fact icon={Bell} label={t('agenda.field.alerts')}>
      {said.join(', ')}
    </Fact>
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

interface FactProps {
  icon: LucideIcon
  label: string
  drawn?: string
  children: ComponentChildren
}

export function Fact({ icon, label, drawn = '', children }: FactProps) {
  return (
    <div class={`fact ${drawn}`}>
      <Icon of={icon} />
      <div class="grow">
        <span class="hidden-text">{label}: </span>
        {children}
      </div>
    </div>
  )
}
