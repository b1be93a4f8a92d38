/** One contact in a list: the name, and how to reach them. */

import type { ComponentChildren } from 'preact'
import { Cake, Mail, MapPin, MessageCircle, Pencil, Phone, StickyNote, UsersRound } from 'lucide-preact'
import type { LucideIcon } from 'lucide-preact'
import { Link } from 'wouter-preact'
import { safeAddress, unturned } from '../../parts/addresses'
import { Icon } from '../../parts/icons'
import { Avatar, clean, Text } from '../../parts/names'
import { places } from '../../places'
import { currentLocale, t } from '../../texts/texts'
import { twin } from '../../twin/twin'
import { chatAddress } from '../people/matrix-id'
import { said } from '../people/said'
import { telephone, type Contact, type PartialDate } from './card'

/** Of each kind; a card of somebody else's may have hundreds. */
const MOST = 5

interface LineProps {
  contact: Contact
  onEdit: ((contact: Contact) => void) | undefined
}

export function Line({ contact, onEdit }: LineProps) {
  const { object, title, isGroup, members, organization, emails, phones, matrixIds, addresses, note, birthday } = contact
  return (
    <article class="contact">
      <Avatar id={matrixIds[0] ?? title} />
      <div class="grow stack tight">
        <div>
          <Link href={places.object(object)} class="title">
            <Text of={title} />
          </Link>
          {twin.outbox.isWaiting(object) && <span class="chip warn">{t('objects.waits')}</span>}
          {organization !== '' && organization !== title && (
            <p class="small soft">
              <Text of={organization} />
            </p>
          )}
        </div>
        <ul class="ways small">
          {isGroup && <Way icon={UsersRound} label={t('contacts.group')}>{t('contacts.members', { count: members })}</Way>}
          {emails.slice(0, MOST).map((each) => (
            <Way key={each} icon={Mail} label={t('contacts.emails')}>
              <Outward to={/^[^\s@]+@[^\s@]+$/.test(each) ? safeAddress(`mailto:${encodeURIComponent(each)}`) : undefined} of={each} />
            </Way>
          ))}
          {phones.slice(0, MOST).map((each) => (
            <Way key={each} icon={Phone} label={t('contacts.phones')}>
              <Outward to={telephone(each)} of={each.replace(/^tel:/i, '')} />
            </Way>
          ))}
          {matrixIds.slice(0, MOST).map((each) => (
            <Way key={each} icon={MessageCircle} label={t('contacts.matrixIds')}>
              {twin.people.value.has(each) ? (
                <Link href={places.person(each)}>
                  <bdi dir="ltr">{clean(each)}</bdi>
                </Link>
              ) : (
                <Outward to={safeAddress(chatAddress(each))} of={each} />
              )}
            </Way>
          ))}
          {addresses.slice(0, MOST).map((each) => (
            <Way key={each} icon={MapPin} label={t('contacts.address')}>
              <span class="lines" dir="auto">
                {unturned(each)}
              </span>
            </Way>
          ))}
          {birthday && (
            <Way icon={Cake} label={t('contacts.birthday')}>
              {birthdaySaid(birthday)}
            </Way>
          )}
          {note !== '' && (
            <Way icon={StickyNote} label={t('contacts.note')}>
              <span class="two-lines" dir="auto">
                {unturned(note)}
              </span>
            </Way>
          )}
        </ul>
      </div>
      {onEdit && !isGroup && (
        <button type="button" aria-label={t('contacts.edit-this', { name: said(title) })} onClick={() => onEdit(contact)}>
          <Icon of={Pencil} />
          {t('edit')}
        </button>
      )}
    </article>
  )
}

function Way({ icon, label, children }: { icon: LucideIcon; label: string; children: ComponentChildren }) {
  return (
    <li>
      <Icon of={icon} />
      <span class="grow">
        <span class="hidden-text">{label}: </span>
        {children}
      </span>
    </li>
  )
}

function Outward({ to, of }: { to: string | undefined; of: string }) {
  const shown = <bdi dir="ltr">{clean(of)}</bdi>
  return to === undefined ? shown : <a href={to}>{shown}</a>
}

/** Returns a date as far as it is known: "15 April 1980", "15 April", "1980". */
function birthdaySaid({ year, month, day }: PartialDate): string {
  if (month === undefined) return String(year ?? '')
  const date = new Date(Date.UTC(2000, month - 1, day ?? 1))
  if (year !== undefined) date.setUTCFullYear(year)
  return new Intl.DateTimeFormat(currentLocale(), {
    month: 'long',
    timeZone: 'UTC',
    ...(day === undefined ? {} : { day: 'numeric' }),
    ...(year === undefined ? {} : { year: 'numeric' }),
  }).format(date)
}
