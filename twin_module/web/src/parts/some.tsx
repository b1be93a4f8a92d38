/** Long lists, shown part by part. */

import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { t } from '../texts/texts'

/** Shows the first rows of a long list, and more where asked. */
export function useSome<T>(all: readonly T[], step = 100): [readonly T[], ComponentChildren] {
  const [most, setMost] = useState(step)
  const more = all.length > most && (
    <button type="button" onClick={() => setMost(most + step)}>
      {t('more')}
    </button>
  )
  return [all.slice(0, most), more]
}
