/** One version in the list: who, when, what became of it, what it changed, and what can be done with it. */

import { useId } from 'preact/hooks'
import { Link } from 'wouter-preact'
import { Ago } from '../../parts/ago'
import { clean, Name } from '../../parts/names'
import { places } from '../../places'
import { t } from '../../texts/texts'
import { twin } from '../../twin/twin'
import type { Place, Schema } from '../../twin/types'
import { Differences } from './differences'
import { versionName } from './dialogs'
import { ProofButton } from './proof'
import { Decide } from './proposals'
import { pathLabel, type Change, type Version } from './told'

interface Props {
  place: Place
  version: Version
  versions: readonly Version[]
  onLook: () => void
  onCompare: (from: string, to: string) => void
  onDone: () => void
}

export function VersionLine({ place, version, versions, onLook, onCompare, onDone }: Props) {
  const id = useId()
  const schema = twin.capability(place.capability)?.events[0]?.schema ?? {}
  // What an object is at all says nothing of a change.
  const changes = (version.changes ?? []).filter((each) => !each.path.startsWith('/@'))
  const readable = version.status !== 'unknown' && version.status !== 'redacted'
  const current = versions.find((each) => each.current)
  const [older, newer] = version.current
    ? [version.parents[0], version.event_id]
    : [version.event_id, current?.event_id]
  const named = (eventId: string): string => {
    const found = versions.find((each) => each.event_id === eventId)
    return found === undefined ? t('history.another') : versionName(found)
  }
  return (
    <div class="stack tight">
      <div class="spread">
        <p id={id}>
          {version.sender === null ? (
            <span>{t('history.nobody')}</span>
          ) : (
            <Link href={places.person(version.sender)}>
              <Name id={version.sender} />
            </Link>
          )}
          {version.time !== null && (
            <>
              {', '}
              <Ago ms={version.time} />
            </>
          )}
          {version.experience !== undefined && (
            <span class="soft small"> {t('history.by-app', { app: clean(version.experience) })}</span>
          )}
        </p>
        <p class="row">
          {version.removed && <span class="chip">{t('history.removal')}</span>}
          {version.restored && <span class="chip">{t('history.is-restored')}</span>}
          <span class={`chip ${version.status === 'current' ? 'accent' : version.status === 'proposed' ? 'warn' : ''}`}>
            {t(`history.status.${version.status}`)}
          </span>
        </p>
      </div>
      {version.status === 'proposed' && version.why !== undefined && (
        <p class="soft small">{t(`history.why.${version.why}`)}</p>
      )}
      {version.merged_by !== undefined && (
        <p class="soft small">{t('history.merged-by', { version: named(version.merged_by) })}</p>
      )}
      {version.took_in?.map((each) => (
        <p key={each} class="soft small">
          {t('history.took-in', { version: named(each) })}
        </p>
      ))}
      {version.problem !== undefined && <p class="note warn">{clean(version.problem)}</p>}
      {version.clashes?.map((clash) => (
        <p key={clash.path} class="soft small">
          {t('history.clash', {
            field: clean(pathLabel(schema, clash.path)),
            lost: clean(clash.lost === undefined ? '…' : JSON.stringify(clash.lost)),
          })}
        </p>
      ))}
      {changes.length > 0 && (
        <details>
          <summary>{t('history.changed-fields', changedFields(schema, changes, version.more_changes))}</summary>
          <Differences capability={place.capability} changes={changes} />
        </details>
      )}
      {version.status === 'proposed' && <Decide eventId={version.event_id} onDone={onDone} />}
      {readable && (
        <div class="actions">
          <button type="button" class="quiet" aria-describedby={id} onClick={onLook}>
            {t('history.look')}
          </button>
          {older !== undefined && newer !== undefined && (
            <button type="button" class="quiet" aria-describedby={id} onClick={() => onCompare(older, newer)}>
              {version.current ? t('history.compare-before') : t('history.compare-now')}
            </button>
          )}
          <ProofButton
            place={place}
            eventId={version.event_id}
            label={t('history.proof-of-version')}
            describedBy={id}
          />
        </div>
      )}
    </div>
  )
}

const MOST_NAMED = 4

function changedFields(schema: Schema, changes: readonly Change[], more = 0): { fields: string; more: number } {
  const named = changes.slice(0, MOST_NAMED).map((each) => clean(pathLabel(schema, each.path)))
  return { fields: named.join(', '), more: changes.length - named.length + more }
}
