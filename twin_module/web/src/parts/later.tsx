/** Parts of the page that are fetched when they are first looked at, and what is shown where that fails. */

import { Component, type ComponentChildren, type ComponentType } from 'preact'
import { lazy, Suspense } from 'preact/compat'
import { RefreshCw } from 'lucide-preact'
import { t } from '../texts/texts'
import { Icon } from './icons'

/** A file of the page did not come: there is no network, or the twin has a newer page than this one. */
class NotFetched extends Error {
  override name = 'NotFetched'
}

/** A component in a file of its own, which is fetched when it is first shown. */
export function later<P>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  return lazy(async () => {
    try {
      return { default: await load() }
    } catch (cause) {
      throw new NotFetched('a file of the page could not be fetched', { cause })
    }
  }) as unknown as ComponentType<P>
}

interface LaterProps {
  /** What is shown: when that changes, whatever failed before is over. */
  of?: string
  /** What stands there until it has come. */
  meanwhile?: ComponentChildren
  children: ComponentChildren
}

/** Waits for what is inside, and says so where it can't be shown: what is around it stays. */
export class Later extends Component<LaterProps, { problem?: unknown }> {
  static override getDerivedStateFromError(problem: unknown): { problem: unknown } {
    return { problem }
  }

  override componentDidCatch(problem: unknown): void {
    if (!(problem instanceof NotFetched)) console.error(problem)
  }

  override componentDidUpdate(before: LaterProps): void {
    if (before.of !== this.props.of && this.state.problem !== undefined) this.setState({ problem: undefined })
  }

  override render({ children, meanwhile }: LaterProps, { problem }: { problem?: unknown }) {
    const until = meanwhile === undefined ? <p class="empty">{t('loading')}</p> : meanwhile
    if (problem === undefined) return <Suspense fallback={until}>{children}</Suspense>
    return (
      <div class="empty" role="alert">
        <p>{t(problem instanceof NotFetched ? 'error.not-fetched' : 'error.bug')}</p>
        <button type="button" class="main" onClick={() => location.reload()}>
          <Icon of={RefreshCw} />
          {t('error.anew')}
        </button>
      </div>
    )
  }
}
