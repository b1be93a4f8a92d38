/** How a live text stands: whether it is saved, who else is here, and what to do when it is not taken. */

import { CloudOff, CloudUpload, Cloud } from 'lucide-preact'
import { CopyButton } from '../../parts/copy'
import { Icon } from '../../parts/icons'
import { t } from '../../texts/texts'
import type { LiveText } from '../../twin/live-text'
import { usePresent } from './live'

const MOST_SHOWN = 8

export function Standing({ live, writing }: { live: LiveText; writing: boolean }) {
  return (
    <div class="standing no-print">
      <Saved live={live} writing={writing} />
      <Here live={live} />
    </div>
  )
}

/** Whether what was written is saved, in a few words. */
function Saved({ live, writing }: { live: LiveText; writing: boolean }) {
  const { standing, unsent, whole } = live
  const waits = unsent.value > 0
  if (standing.value === 'blocked') return null
  const [icon, said] =
    standing.value === 'away'
      ? [CloudOff, away(live, writing)]
      : standing.value === 'live' && whole.value
        ? waits
          ? [CloudUpload, t('documents.saving')]
          : [Cloud, t(writing ? 'documents.saved' : 'documents.reading-live')]
        : [Cloud, t('loading')]
  const isAway = standing.value === 'away'
  return (
    <>
      <p class={`saved ${isAway ? 'away' : ''}`}>
        <Icon of={icon} />
        {said}
      </p>
      {/* To hear of each word that is saved would be too much. */}
      <p class="hidden-text" role="status">
        {isAway && said}
      </p>
    </>
  )
}

function away({ unsent, keeping, keeps }: LiveText, writing: boolean): string {
  if (unsent.value === 0) return t(writing ? 'documents.away' : 'documents.away-reading')
  if (keeping.value > 0) return t('documents.saving')
  return t(keeps.value ? 'documents.away-waits' : 'documents.away-open')
}

/** Who else has the document open. */
function Here({ live }: { live: LiveText }) {
  const people = usePresent(live)
  if (people.length === 0) return null
  const shown = people.slice(0, MOST_SHOWN)
  return (
    <ul class="here" aria-label={t('documents.here')}>
      {shown.map((each) => (
        <li key={each.client} class={`chip hue-${each.hue}`} title={each.id}>
          <bdi>{each.name || t('documents.somebody')}</bdi>
        </li>
      ))}
      {people.length > shown.length && (
        <li class="chip">{t('documents.more-here', { count: people.length - shown.length })}</li>
      )}
    </ul>
  )
}

/** What was written and is not taken: it stays here to be copied, until it is let go of. */
export function NotTaken({ live, why, onLetGo }: { live: LiveText; why: string; onLetGo: () => void }) {
  return (
    <div class="note bad stack tight no-print" role="alert">
      <p>{why}</p>
      {live.unsent.value > 0 && (
        <>
          <p>{t('documents.not-taken')}</p>
          <div class="actions">
            <CopyButton text={live.text.toString()} label={t('documents.copy-mine')} />
            <button type="button" onClick={onLetGo}>
              {t('documents.let-go')}
            </button>
          </div>
        </>
      )}
    </div>
  )
}
