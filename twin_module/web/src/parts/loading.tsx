/** What stands there while something is read, when there is nothing, and when it can't be read. */

import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { LucideIcon } from 'lucide-preact'
import { t } from '../texts/texts'
import { Away } from '../twin/api'
import { twin } from '../twin/twin'
import { sentence } from './form'
import { Icon } from './icons'

export type Loaded<T> = { state: 'reading' } | { state: 'there'; value: T } | { state: 'failed'; problem: string }

/**
 * Reads something when a view opens, and again when what it depends on changes; what failed, also when the
 * connection is back.
 *
 * Returns how it stands, and how to try again.
 */
export function useRead<T>(read: () => Promise<T>, depends: readonly unknown[]): [Loaded<T>, () => void] {
  const [loaded, setLoaded] = useState<Loaded<T>>({ state: 'reading' })
  const [tries, setTries] = useState(0)
  const connected = twin.live.connected.value
  useEffect(() => {
    let current = true
    read().then(
      (value) => current && setLoaded({ state: 'there', value }),
      (error: unknown) => current && setLoaded({ state: 'failed', problem: sentence(error) }),
    )
    return () => {
      current = false
    }
  }, [...depends, tries])
  const again = (): void => setTries((before) => before + 1)
  useEffect(() => {
    if (connected && loaded.state === 'failed') again()
  }, [connected])
  return [loaded, again]
}

/** Like `useRead`, but what was read once stays there while the twin is away, and is read again afterwards. */
export function useCurrent<T>(read: () => Promise<T>, depends: readonly unknown[]): [Loaded<T>, () => void] {
  const last = useRef<{ value: T } | undefined>(undefined)
  return useRead(async () => {
    try {
      const value = await read()
      last.current = { value }
      return value
    } catch (error) {
      if (error instanceof Away && last.current !== undefined) return last.current.value
      throw error
    }
  }, [...depends, twin.live.connected.value])
}

interface LoadingProps<T> {
  of: Loaded<T>
  again: () => void
  children: (value: T) => ComponentChildren
}

/** Shows what was read, or that it is being read, or why it can't be. */
export function Loading<T>({ of, again, children }: LoadingProps<T>) {
  const [tried, setTried] = useState<Loaded<T>>()
  if (of.state === 'there') return <>{children(of.value)}</>
  if (of.state === 'reading') {
    return (
      <p class="empty" role="status">
        <span class="busy" aria-hidden="true" />
        {t('loading')}
      </p>
    )
  }
  const busy = tried === of
  return (
    <div class="empty" role="alert">
      <p>{of.problem}</p>
      <button
        type="button"
        aria-disabled={busy}
        onClick={() => {
          if (busy) return
          setTried(of)
          again()
        }}
      >
        {busy && <span class="busy" aria-hidden="true" />}
        {t('again')}
      </button>
    </div>
  )
}

/** Says that there is nothing yet, and what to do about it. */
export function Empty({ icon, children }: { icon: LucideIcon; children: ComponentChildren }) {
  return (
    <div class="empty">
      <Icon of={icon} />
      {children}
    </div>
  )
}
