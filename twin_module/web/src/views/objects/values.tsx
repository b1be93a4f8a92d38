/** Values of an object as people read them. All of it is somebody's content: shown as text, whatever is in it. */

import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import { Link } from 'wouter-preact'
import { day, fully, instant } from '../../dates'
import { clean, Name, roomName, Text } from '../../parts/names'
import { places } from '../../places'
import { number, t } from '../../texts/texts'
import { twin } from '../../twin/twin'
import type { Content, Json } from '../../twin/types'
import { unknown } from './declared'
import { fieldLabel } from './names'
import { reference, safeAddress } from './refers'
import { isMap, own, readable, type Field } from './schema'
import '../objects.css'

/** Longer texts are shown in part. */
const MOST_LETTERS = 20_000
const MOST_ROWS = 200

/** Whether strangers look: for them nothing leads to the owner's own views, which they can't open. */
export const ToStrangers = createContext(false)

interface ValuesProps {
  fields: readonly Field[]
  content: Content
}

/** Labels and values in the schema's order; what this twin does not know is kept folded below. */
export function Values({ fields, content }: ValuesProps) {
  const others = unknown(fields, content)
  return (
    <div class="stack">
      <Group fields={fields} content={content} />
      {others.length > 0 && (
        <details class="unknown">
          <summary>{t('objects.unknown', { count: others.length })}</summary>
          <dl class="values">
            {others.slice(0, MOST_ROWS).map(([name, value]) => (
              <div key={name}>
                <dt>
                  <Text of={name} />
                </dt>
                <dd>
                  <Guessed value={value} />
                </dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </div>
  )
}

function Group({ fields, content }: ValuesProps) {
  const there = fields.filter((field) => {
    const value = own(content, field.name)
    return value !== undefined && value !== null && field.kind !== 'fixed'
  })
  const plain = there.filter(({ name, kind }) => !name.startsWith('@') && kind !== 'json')
  const technical = there.filter((field) => !plain.includes(field))
  return (
    <>
      {plain.length > 0 && <List fields={plain} content={content} />}
      {technical.length > 0 && (
        <details class="unknown">
          <summary>{t('objects.technical')}</summary>
          <List fields={technical} content={content} />
        </details>
      )}
    </>
  )
}

function List({ fields, content }: ValuesProps) {
  return (
    <dl class="values">
      {fields.map((field) => (
        <div key={field.name} data-kind={field.kind}>
          <dt>{fieldLabel(field)}</dt>
          <dd>
            <Value field={field} value={own(content, field.name)!} around={content} />
          </dd>
        </div>
      ))}
    </dl>
  )
}

interface ValueProps {
  field: Field
  value: Json
  /** The map that the value stands in. */
  around?: Content | undefined
  /** One line, as in a list. */
  short?: boolean
}

export function Value({ field, value, around = {}, short = false }: ValueProps) {
  switch (field.kind) {
    case 'yes or no':
      return <>{value === true ? t('objects.yes') : t('objects.no')}</>
    case 'number':
      return <span class="numbers">{typeof value === 'number' ? number(value) : String(value)}</span>
    case 'choice':
      return typeof value === 'string' ? <Text of={readable(value)} /> : <>{String(value)}</>
    case 'time':
    case 'local time':
    case 'date':
      return (
        <Time
          value={String(value)}
          zone={field.kind === 'local time' ? own(around, 'timeZone') : undefined}
          local={field.kind !== 'time'}
        />
      )
    case 'words':
      return <Words of={isMap(value) ? Object.keys(value) : []} />
    case 'list':
      return (
        <Rows
          rows={Array.isArray(value) ? value.map((each) => [undefined, each]) : []}
          item={field.item}
          short={short}
        />
      )
    case 'map':
      return <Rows rows={isMap(value) ? Object.entries(value) : []} item={field.item} short={short} />
    case 'group':
      return isMap(value) ? <Group fields={field.fields} content={value} /> : <Guessed value={value} />
    case 'json':
    case 'fixed':
      return <Guessed value={value} />
    default:
      return typeof value === 'string' ? (
        <Written of={value} address={field.kind === 'address'} around={around} short={short} />
      ) : (
        <Guessed value={value} />
      )
  }
}

function Words({ of }: { of: readonly string[] }) {
  return (
    <ul class="words">
      {of.slice(0, MOST_ROWS).map((word) => (
        <li key={word} class="chip">
          <Text of={word} />
        </li>
      ))}
    </ul>
  )
}

function Rows({
  rows,
  item,
  short,
}: {
  rows: readonly (readonly [string | undefined, Json])[]
  item: Field | undefined
  short: boolean
}) {
  return (
    <ul class="rows">
      {rows.slice(0, short ? 3 : MOST_ROWS).map(([name, value], index) => (
        <li key={name ?? index}>
          {name !== undefined && (
            <span class="soft">
              <Written of={name} />:{' '}
            </span>
          )}
          {item ? <Value field={item} value={value} short={short} /> : <Guessed value={value} />}
        </li>
      ))}
    </ul>
  )
}

function Time({ value, local, zone }: { value: string; local: boolean; zone: Json | undefined }) {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(value)
  const whole = isDay ? `${value}T00:00:00` : value
  const date = local ? instant(whole, typeof zone === 'string' ? zone : null) : new Date(value)
  if (date === undefined || Number.isNaN(date.getTime())) return <Text of={value} />
  return <time datetime={value}>{isDay ? day(date) : fully(date)}</time>
}

/** A text that somebody wrote; Matrix's own names and addresses lead to where they point. */
function Written({
  of,
  address = false,
  around = {},
  short = false,
}: {
  of: string
  address?: boolean
  around?: Content
  short?: boolean
}) {
  const toStrangers = useContext(ToStrangers)
  const refers = reference(of)
  if (toStrangers && refers) return <Text of={cut(of)} />
  if (refers && 'person' in refers) {
    return (
      <Link href={places.person(refers.person)}>
        <Name id={refers.person} withId={!short} />
      </Link>
    )
  }
  if (refers && twin.rooms.value.has(refers.room))
    return <InRoom room={refers.room} event={refers.event} around={around} />
  const safe = address && refers === undefined ? safeAddress(of) : undefined
  if (safe !== undefined) {
    return (
      <a href={safe} rel="noopener noreferrer" target="_blank">
        <Text of={of} />
      </a>
    )
  }
  if (short || !of.includes('\n')) return <Text of={cut(of)} />
  return (
    <div class="long" dir="auto">
      {cut(of).split('\n').map(clean).join('\n')}
    </div>
  )
}

const cut = (text: string): string => (text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS)}…` : text)

/** A room, a version in it, or the object that this is a version of, where the fields beside it name one. */
function InRoom({ room, event, around }: { room: string; event: string | undefined; around: Content }) {
  const type = own(around, 'type')
  const uid = own(around, 'stateKey')
  const capability = twin.capabilities.value.find((each) => each.events[0]?.type === type)
  if (event === undefined || capability === undefined || typeof uid !== 'string') {
    return (
      <Link href={places.collection(room)}>
        {event === undefined ? roomName(room) : t('objects.version-in', { room: roomName(room) })}
      </Link>
    )
  }
  const place = { room_id: room, capability: capability.name, uid }
  const title = clean(twin.object(place)?.title ?? '') || t('objects.object-in', { room: roomName(room) })
  return <Link href={places.object(place)}>{title}</Link>
}

/** A value of which no schema says what it is. */
function Guessed({ value }: { value: Json }) {
  if (typeof value === 'string') return <Written of={value} />
  if (typeof value === 'number') return <span class="numbers">{number(value)}</span>
  if (typeof value === 'boolean') return <>{value ? t('objects.yes') : t('objects.no')}</>
  return <pre tabIndex={0}>{cut(JSON.stringify(value, null, 2))}</pre>
}
