/** What is around every view: the ways to the others, search, how the connection is, and messages. */

import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { signal } from '@preact/signals'
import { CalendarDays, House, LayoutGrid, ListTodo, Search, Settings, UsersRound, X } from 'lucide-preact'
import { Link, useLocation } from 'wouter-preact'
import { places } from '../places'
import { t } from '../texts/texts'
import { twin } from '../twin/twin'
import { Dialog } from './dialog'
import { sentence } from './form'
import { Icon } from './icons'
import { Avatar, nameOf, Text } from './names'
import { Stuck } from './waiting'

export interface Toast {
  id: number
  text: string
  bad?: boolean
  /** What can be done about it. */
  action?: { label: string; run: () => void }
}

export const toasts = signal<readonly Toast[]>([])
let toastIds = 0

/** Shows a message for some seconds; a bad one stays until it is closed. */
export function say(text: string, more: Omit<Toast, 'id' | 'text'> = {}): void {
  const toast = { id: ++toastIds, text, ...more }
  toasts.value = [...toasts.value, toast]
  if (!more.bad) setTimeout(() => unsay(toast), 6000)
}

function unsay(toast: Toast): void {
  toasts.value = toasts.value.filter((each) => each.id !== toast.id)
}

/** The heading of a view; gets the focus when the view opens, so that screen readers and Tab begin there. */
export function Heading({ children, title }: { children: ComponentChildren; title: string }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · ${t('app.name')}`
  }, [title])
  useEffect(() => {
    if (moved) heading.current?.focus()
  }, [])
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  )
}

/** Whether the person went from one view to another; the first view takes no focus. */
let moved = false

/** Notes whether the person has gone from one view to another, and returns where they are. */
export function useWay(): string {
  const [here] = useLocation()
  const first = useRef(here)
  if (here !== first.current) moved = true
  return here
}

export function Frame({ children }: { children: ComponentChildren }) {
  const here = useWay()
  const items = [
    { to: places.home, icon: House, label: t('nav.home') },
    { to: places.collections, icon: LayoutGrid, label: t('nav.collections') },
    { to: places.tasks, icon: ListTodo, label: t('nav.tasks') },
    ...(twin.capability('agenda') ? [{ to: places.agenda, icon: CalendarDays, label: t('nav.agenda') }] : []),
    { to: places.people, icon: UsersRound, label: t('nav.people') },
  ]
  const current = (to: string): boolean =>
    to === places.home ? here === to : here === to || here.startsWith(`${to}/`) || (to === places.collections && here.startsWith('/c/')) || (to === places.people && here.startsWith('/circles/'))
  return (
    <>
      <a href="#main" class="skip button" onClick={skip}>
        {t('nav.skip')}
      </a>
      <div class="frame">
        <nav class="side" aria-label={t('nav.label')}>
          <Link href={places.home} class="brand">
            <Avatar id={twin.owner.value} />
            <span class="clip">
              <bdi>{nameOf(twin.owner.value)}</bdi>
            </span>
          </Link>
          {items.map(({ to, icon, label }) => (
            <Link key={to} href={to} class="item" aria-current={current(to) ? 'page' : undefined}>
              <Icon of={icon} />
              <span class="clip">{label}</span>
            </Link>
          ))}
          <Link href={places.settings} class="item rest" aria-current={current(places.settings) ? 'page' : undefined}>
            <Icon of={Settings} />
            <span class="clip">{t('nav.settings')}</span>
          </Link>
        </nav>
        <main class="main" id="main" tabIndex={-1}>
          <div class="width">
            <Top />
            {children}
          </div>
        </main>
      </div>
      <Toasts />
    </>
  )
}

function skip(event: Event): void {
  event.preventDefault()
  document.getElementById('main')?.focus()
}

function Top() {
  const [here, go] = useLocation()
  const input = useRef<HTMLInputElement>(null)
  useLayoutEffect(() => {
    const keys = (event: KeyboardEvent): void => {
      if ((event.ctrlKey || event.metaKey) && event.key === 'k') {
        event.preventDefault()
        input.current?.focus()
      }
    }
    addEventListener('keydown', keys)
    return () => removeEventListener('keydown', keys)
  }, [])
  return (
    <div class="top">
      {here !== places.search && (
        <form
          role="search"
          onSubmit={(event) => {
            event.preventDefault()
            const asked = input.current?.value.trim() ?? ''
            go(asked === '' ? places.search : `${places.search}?q=${encodeURIComponent(asked)}`)
          }}
        >
          <Icon of={Search} />
          <input ref={input} type="search" aria-label={t('search.label')} placeholder={t('search.label')} aria-keyshortcuts="Control+K" enterkeyhint="search" />
        </form>
      )}
      <State />
    </div>
  )
}

/** Whether changes come in, and what waits to go out. */
function State() {
  const [open, setOpen] = useState(false)
  const waiting = twin.outbox.waiting.value.length
  const stuck = twin.outbox.stuck.value
  const connected = twin.live.connected.value
  const said = !connected ? t('state.away') : waiting > 0 ? t('state.sending') : t('state.live')
  return (
    <>
      <div class="state" role="status" data-connected={connected} data-waiting={waiting}>
        <span class={`dot ${connected ? '' : 'away'}`} aria-hidden="true" />
        <span>{said}</span>
        {waiting > 0 && !stuck && <span>{t('state.waiting', { count: waiting })}</span>}
        {waiting > 0 && stuck && (
          <button type="button" onClick={() => setOpen(true)}>
            {t('state.waiting', { count: waiting })}
          </button>
        )}
      </div>
      {open && (
        <Dialog title={t('waiting.title')} onClose={() => setOpen(false)}>
          <Stuck />
        </Dialog>
      )}
    </>
  )
}

function Toasts() {
  return (
    <div class="toasts" role="status">
      {twin.outbox.rejected.value.map((each) => (
        <div key={each.write.id} class="bad">
          <span class="grow">
            <strong>
              {t('outbox.rejected')} <Text of={each.write.title} />
            </strong>
            <br />
            {sentence(each.error)}
          </span>
          <Close onClick={() => twin.outbox.dismiss(each)} />
        </div>
      ))}
      {toasts.value.map((toast) => (
        <div key={toast.id} class={toast.bad ? 'bad' : ''}>
          <span class="grow">{toast.text}</span>
          {toast.action && (
            <button
              type="button"
              onClick={() => {
                toast.action?.run()
                unsay(toast)
              }}
            >
              {toast.action.label}
            </button>
          )}
          <Close onClick={() => unsay(toast)} />
        </div>
      ))}
    </div>
  )
}

function Close({ onClick }: { onClick: () => void }) {
  return (
    <button type="button" class="quiet icon-only" aria-label={t('close')} onClick={onClick}>
      <Icon of={X} />
    </button>
  )
}
