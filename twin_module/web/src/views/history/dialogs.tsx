/** Looking at one version, and comparing two. */

import { useState } from 'preact/hooks'
import { fully } from '../../dates'
import { Dialog } from '../../parts/dialog'
import { Field, sentence } from '../../parts/form'
import { say } from '../../parts/frame'
import { Loading, useRead } from '../../parts/loading'
import { clean, Name, nameOf } from '../../parts/names'
import { t } from '../../texts/texts'
import { ask, call, get, path, Refused } from '../../twin/api'
import { twin } from '../../twin/twin'
import type { Place, Written } from '../../twin/types'
import { fieldsOf, own } from '../objects/schema'
import { Values } from '../objects/values'
import { Differences } from './differences'
import type { Change, Shown, Version } from './told'

export const where = (place: Place, ...more: string[]): string =>
  path('rooms', place.room_id, place.capability, place.uid, ...more)

/** Returns when a version was written and by whom, in one line. */
export function versionName(version: Version): string {
  const when = version.time === null ? t('history.at-unknown') : fully(new Date(version.time))
  const who = version.sender === null ? '' : `, ${nameOf(version.sender)}`
  return `${when}${who}${version.current ? ` (${t('history.status.current')})` : ''}`
}

interface VersionDialogProps {
  place: Place
  read: () => Promise<Shown>
  /** The revision that a restored version replaces. */
  current: string | undefined
  onClose: () => void
}

export function VersionDialog({ place, read, current, onClose }: VersionDialogProps) {
  const [loaded, again] = useRead(async () => withText(place, await read()), [])
  return (
    <Dialog title={t('history.version')} onClose={onClose}>
      <Loading of={loaded} again={again}>
        {(version) => (
          <>
            <p class="soft">
              {version.sender !== null && <Name id={version.sender} withId />}{' '}
              {version.time !== null && fully(new Date(version.time))}
            </p>
            {version.removed ? (
              <p class="note">{t('history.was-removed')}</p>
            ) : (
              <Values
                fields={fieldsOf(twin.capability(place.capability)?.events[0]?.schema ?? {})}
                content={version.content}
              />
            )}
            {version.problem !== undefined && <p class="note warn">{clean(version.problem)}</p>}
            {!version.current &&
              !version.removed &&
              version.problem === undefined &&
              current !== undefined &&
              twin.mayWrite(place.room_id) && (
                <Restore place={place} version={version} current={current} onDone={onClose} />
              )}
          </>
        )}
      </Loading>
    </Dialog>
  )
}

/** Fetches a text that lies outside of the content, where there is one. */
async function withText(place: Place, version: Shown): Promise<Shown> {
  const outside = Object.values(version.content).some(
    (each) => typeof each === 'object' && each !== null && !Array.isArray(each) && own(each, 'hashes') !== undefined,
  )
  if (!outside || own(version.content, 'text') !== undefined) return version
  try {
    const text = await (await ask('GET', where(place, 'history', version.event_id, 'text'))).text()
    return { ...version, content: { ...version.content, text } }
  } catch (error) {
    if (error instanceof Refused) return version
    throw error
  }
}

function Restore({
  place,
  version,
  current,
  onDone,
}: {
  place: Place
  version: Version
  current: string
  onDone: () => void
}) {
  const [sure, setSure] = useState(false)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')

  async function restore(): Promise<void> {
    if (busy) return
    setBusy(true)
    setProblem('')
    try {
      await call<Written>('POST', where(place, 'revert'), {
        body: { event_id: version.event_id },
        headers: { 'If-Match': current },
      })
      onDone()
      say(t('history.restored'))
    } catch (error) {
      setProblem(error instanceof Refused && error.status === 412 ? t('history.changed-meanwhile') : sentence(error))
    } finally {
      setBusy(false)
    }
  }

  return (
    <div class="stack tight">
      <div role="alert">{problem !== '' && <p class="note bad">{problem}</p>}</div>
      {sure && <p>{t('history.restore-sure')}</p>}
      <div class="actions end">
        {sure && (
          <button type="button" class="quiet" onClick={() => setSure(false)}>
            {t('cancel')}
          </button>
        )}
        {/* One button with two steps, so that the focus stays where it is. */}
        <button
          type="button"
          class={sure ? 'main' : ''}
          aria-disabled={busy}
          onClick={() => (sure ? void restore() : setSure(true))}
        >
          {busy && <span class="busy" aria-hidden="true" />}
          {sure ? t('history.restore-now') : t('history.restore')}
        </button>
      </div>
    </div>
  )
}

interface CompareProps {
  place: Place
  versions: readonly Version[]
  from: string
  to: string
  onClose: () => void
}

export function CompareDialog({ place, versions, from, to, onClose }: CompareProps) {
  const [older, setOlder] = useState(from)
  const [newer, setNewer] = useState(to)
  const [loaded, again] = useRead(
    () => get<{ changes: Change[] }>(where(place, 'diff'), { from: older, to: newer }),
    [older, newer],
  )
  const known = versions.filter((each) => each.status !== 'unknown' && each.status !== 'redacted')
  const choose = (label: string, value: string, set: (value: string) => void) => (
    <Field label={label}>
      {(ids) => (
        <select {...ids} value={value} onChange={({ currentTarget }) => set(currentTarget.value)}>
          {known.map((each) => (
            <option key={each.event_id} value={each.event_id}>
              {versionName(each)}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
  return (
    <Dialog title={t('history.compare')} onClose={onClose}>
      {choose(t('history.older'), older, setOlder)}
      {choose(t('history.newer'), newer, setNewer)}
      <div aria-live="polite">
        <Loading of={loaded} again={again}>
          {({ changes }) => <Differences capability={place.capability} changes={changes} />}
        </Loading>
      </div>
    </Dialog>
  )
}
