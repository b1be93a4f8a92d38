/** A live text in a component: opened with it, closed with it, read at a pace at which it can be drawn. */

import { useEffect, useState } from 'preact/hooks'
import { nameOf } from '../../parts/names'
import { LiveText } from '../../twin/live-text'
import { twin } from '../../twin/twin'
import type { Place } from '../../twin/types'
import { present, presented, type Present } from './present'

/** Drawing a text takes the longer, the longer it is. */
const calm = (letters: number): number => (letters < 20_000 ? 50 : letters < 200_000 ? 400 : 1500)

/** Opens the live text of a document, and returns it with the way to let go of it and begin anew. */
export function useLiveText(place: Place): [LiveText | undefined, () => void] {
  const [live, setLive] = useState<LiveText>()
  const [times, setTimes] = useState(0)
  useEffect(() => {
    const made = new LiveText(place)
    const owner = twin.owner.value
    made.awareness.setLocalStateField('user', presented(nameOf(owner), owner))
    setLive(made)
    return () => made.stop()
  }, [place.room_id, place.capability, place.uid, times])
  return [live, () => setTimes((before) => before + 1)]
}

/** Returns the text as it is now, or was a moment ago. */
export function useText(live: LiveText): string {
  const [text, setText] = useState(() => live.text.toString())
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const read = (): void => {
      timer = undefined
      setText(live.text.toString())
    }
    const changed = (): void => {
      timer ??= setTimeout(read, calm(live.text.length))
    }
    read()
    live.text.observe(changed)
    return () => {
      clearTimeout(timer)
      live.text.unobserve(changed)
    }
  }, [live])
  return text
}

/** Returns who else is here. */
export function usePresent(live: LiveText): Present[] {
  const [there, setThere] = useState(() => present(live.awareness))
  useEffect(() => {
    const changed = (): void => setThere(present(live.awareness))
    changed()
    live.awareness.on('change', changed)
    return () => live.awareness.off('change', changed)
  }, [live])
  return there
}
