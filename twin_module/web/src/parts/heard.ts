/** What the twin works out itself is asked for again when the stream brings something that it depends on. */

import { useEffect, useRef, useState } from 'preact/hooks'
import { twin } from '../twin/twin'

/** What comes one after the other is asked about once. */
const CALM_MS = 300

/** Returns a number that is another one each time that the stream brought something of a capability. */
export function useHeard(capability: string): number {
  const heard = twin.heard.value.get(capability) ?? 0
  const [calm, setCalm] = useState(heard)
  const last = useRef(0)
  useEffect(() => {
    if (heard === calm) return
    // The first one at once, and what follows close behind it together.
    const wait = Math.max(0, last.current + CALM_MS - Date.now())
    const timer = setTimeout(() => {
      last.current = Date.now()
      setCalm(heard)
    }, wait)
    return () => clearTimeout(timer)
  }, [heard])
  return calm
}
