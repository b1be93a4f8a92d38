/** What differs between two versions, told by words and not by colour alone. */

import { clean } from '../../parts/names'
import { t } from '../../texts/texts'
import { twin } from '../../twin/twin'
import type { Json } from '../../twin/types'
import { byWord, linesOf, pathLabel, type Change, type Part } from './told'

const MOST_LINES = 1000

export function Differences({ capability, changes }: { capability: string; changes: readonly Change[] }) {
  if (changes.length === 0) return <p class="soft">{t('history.no-difference')}</p>
  const schema = twin.capability(capability)?.events[0]?.schema ?? {}
  return (
    <dl class="differences">
      {changes.map((change) => (
        <div key={change.path}>
          <dt>
            <bdi>{clean(pathLabel(schema, change.path))}</bdi> <span class="chip">{t(`history.${change.kind}`)}</span>
          </dt>
          <dd>
            <Difference change={change} />
          </dd>
        </div>
      ))}
    </dl>
  )
}

function Difference({ change }: { change: Change }) {
  if (change.lines !== undefined) return <Lines of={change.lines} />
  const { kind, before, after } = change
  const hasBefore = kind !== 'added'
  const hasAfter = kind !== 'removed'
  if ((hasBefore && before === undefined) || (hasAfter && after === undefined)) {
    return <p class="soft">{t('history.too-long')}</p>
  }
  const [old, now] = kind === 'changed' ? byWord(written(before!), written(after!)) : [[whole(before)], [whole(after)]]
  return (
    <>
      {hasBefore && (
        <p>
          <span class="side-label">{t('history.before')}</span>{' '}
          <del>
            <Parts of={old} />
          </del>
        </p>
      )}
      {hasAfter && (
        <p>
          <span class="side-label">{t('history.after')}</span>{' '}
          <ins>
            <Parts of={now} />
          </ins>
        </p>
      )}
    </>
  )
}

const whole = (value: Json | undefined): Part => ({ text: value === undefined ? '' : written(value), differs: false })

const written = (value: Json): string =>
  value === true
    ? t('objects.yes')
    : value === false
      ? t('objects.no')
      : typeof value === 'string'
        ? value
        : JSON.stringify(value)

function Parts({ of }: { of: readonly Part[] }) {
  return (
    <bdi>
      {of.map(({ text, differs }, index) => {
        const edges = `${/^\s/.test(text) && index > 0 ? ' ' : ''}${clean(text)}${/\s$/.test(text) ? ' ' : ''}`
        return differs ? <strong key={index}>{edges}</strong> : <span key={index}>{edges}</span>
      })}
    </bdi>
  )
}

function Lines({ of }: { of: string }) {
  const lines = linesOf(of)
  return (
    <div class="lines" dir="auto" tabIndex={0} role="group" aria-label={t('history.lines')}>
      {lines.slice(0, MOST_LINES).map(({ kind, text }, index) => {
        if (kind === 'place') return index === 0 ? null : <hr key={index} />
        if (kind === 'same') return <div key={index}>{`  ${clean(text)}`}</div>
        const Of = kind === 'added' ? 'ins' : 'del'
        return (
          <Of key={index}>
            <span aria-hidden="true">{kind === 'added' ? '+ ' : '− '}</span>
            <span class="hidden-text">{t(`history.line-${kind}`)} </span>
            {clean(text)}
          </Of>
        )
      })}
      {lines.length > MOST_LINES && <p class="soft">{t('history.too-long')}</p>}
    </div>
  )
}
