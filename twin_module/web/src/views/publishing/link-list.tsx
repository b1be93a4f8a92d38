/** Links that were published: where they lead, how long they last, and taking them back. */

import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { ExternalLink } from 'lucide-preact'
import { ago, fully } from '../../dates'
import { useSome } from '../../parts/some'
import { CopyButton } from '../../parts/copy'
import { Icon } from '../../parts/icons'
import { clean } from '../../parts/names'
import { Sure } from '../../parts/sure'
import { t } from '../../texts/texts'
import { call, path } from '../../twin/api'
import { said } from '../people/said'
import { addressOf, type PublishedLink } from './links'
import './publishing.css'

const FEW = 50

interface LinkListProps {
  links: readonly PublishedLink[]
  onChanged: () => void
  /** The ID of a link that was just made. */
  fresh?: string | undefined
  /** What a link is of, where that is not said around the list. */
  about?: (link: PublishedLink) => ComponentChildren
}

export function LinkList({ links, onChanged, fresh, about }: LinkListProps) {
  const [some, more] = useSome(links, FEW)
  const [takenBack, setTakenBack] = useState('')
  const status = useRef<HTMLParagraphElement>(null)
  useEffect(() => {
    // What had the focus went with its link.
    if (takenBack !== '') status.current?.focus()
  }, [takenBack])
  return (
    <div class="published-links">
      <p ref={status} role="status" tabIndex={-1}>
        {takenBack !== '' && t('publish.taken-back')}
      </p>
      <ul class="list">
        {some.map((link) => (
          <li key={link.id} class="stack tight">
            {about?.(link)}
            <Line
              link={link}
              fresh={link.id === fresh}
              onTakeBack={async () => {
                await call('DELETE', path('links', link.id))
                setTakenBack(link.id)
                onChanged()
              }}
            />
          </li>
        ))}
      </ul>
      {more}
    </div>
  )
}

interface LineProps {
  link: PublishedLink
  fresh: boolean
  onTakeBack: () => Promise<void>
}

function Line({ link, fresh, onTakeBack }: LineProps) {
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (!fresh) return
    input.current?.focus()
  }, [fresh])
  const { origin } = location
  const address = addressOf(link.token, origin)
  const title = said(link.title) || t('publish.untitled')
  return (
    <>
      {link.note !== undefined && <p class="note warn">{t('publish.opens-nothing', { why: clean(link.note) })}</p>}
      {link.widget === true ? (
        <p>{t('widget.link')}</p>
      ) : (
        <div class="link">
          <input
            ref={input}
            readOnly
            dir="ltr"
            aria-label={t('publish.address', { title })}
            value={address}
            onFocus={select}
          />
          <CopyButton text={address} label={t('publish.copy', { title })} main={fresh} />
        </div>
      )}
      {FILES.map((kind) => {
        const at = link[kind]
        return at === undefined ? null : <FileAddress key={kind} kind={kind} title={title} address={origin + at} />
      })}
      <p class="soft small">
        {t('publish.made', { when: ago(link.made) })}
        {' · '}
        {link.expires === undefined
          ? t('publish.for-good')
          : t('publish.ends-on', { when: fully(new Date(link.expires)) })}
      </p>
      <div class="spread">
        {link.widget !== true && (
          <a class="button" href={address} target="_blank" rel="noopener" aria-label={t('publish.look-at', { title })}>
            <Icon of={ExternalLink} />
            {t('publish.look')}
          </a>
        )}
        <Sure
          label={t('publish.take-back-this', { title })}
          means={t('publish.take-back-means')}
          sure={t('publish.take-back-now')}
          onDo={onTakeBack}
        >
          {t('publish.take-back')}
        </Sure>
      </div>
    </>
  )
}

const FILES = ['calendar', 'contacts'] as const

/** The same as a file that calendar apps and address books read, and look at again by themselves. */
function FileAddress({ kind, title, address }: { kind: (typeof FILES)[number]; title: string; address: string }) {
  const id = useId()
  return (
    <div class="stack tight">
      <label for={id} class="small">
        {t(`publish.${kind}`)}
      </label>
      <div class="link">
        <input id={id} readOnly dir="ltr" value={address} onFocus={select} />
        <CopyButton text={address} label={t(`publish.copy-${kind}`, { title })} />
      </div>
    </div>
  )
}

/** Marks all of an address, backwards, so that its beginning shows. */
function select({ currentTarget }: JSX.TargetedFocusEvent<HTMLInputElement>): void {
  currentTarget.setSelectionRange(0, currentTarget.value.length, 'backward')
}
