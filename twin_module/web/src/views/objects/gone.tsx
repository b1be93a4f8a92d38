/** An object that is not there, or no longer; its history may still be. */

import type { ComponentChildren } from 'preact'
import { FileQuestion } from 'lucide-preact'
import { Link } from 'wouter-preact'
import { Heading } from '../../parts/frame'
import { Empty } from '../../parts/loading'
import { places } from '../../places'
import { t } from '../../texts/texts'
import type { Place } from '../../twin/types'

interface GoneObjectProps {
  place: Place
  says?: string
  /** What stands above, as the way there. */
  children?: ComponentChildren
}

export function GoneObject({ place, says = t('objects.gone-text'), children }: GoneObjectProps) {
  return (
    <div class="stack">
      {children}
      <Heading title={t('objects.gone')}>{t('objects.gone')}</Heading>
      <Empty icon={FileQuestion}>
        <p>{says}</p>
        <Link href={places.history(place)} class="button">
          {t('objects.history')}
        </Link>
      </Empty>
    </div>
  )
}
