/** The versions of an object, newest first, page by page. */

import { useRef, useState } from 'preact/hooks'
import { useRead, type Loaded } from '../../parts/loading'
import { get } from '../../twin/api'
import { twin } from '../../twin/twin'
import type { Place } from '../../twin/types'
import { where } from './dialogs'
import type { Version } from './told'

const PAGE = 50

export interface Versions {
  versions: Version[]
  /** Whether the twin has all of them. */
  complete: boolean
  next_batch?: string
}

interface Reading {
  loaded: Loaded<Versions>
  again: () => void
  /** Reads the next page. */
  more: () => Promise<void>
}

/** Reads versions; what the stream brings meanwhile makes all that are shown be read again. */
export function useVersions(place: Place): Reading {
  const pages = useRef(1)
  const [first, again] = useRead(
    () => readPages(place, pages.current),
    [twin.shelf.get(place)?.etag, twin.conflicts.value],
  )
  const [grown, setGrown] = useState<{ from: Loaded<Versions>; to: Loaded<Versions> }>()
  const loaded = grown?.from === first ? grown.to : first

  async function more(): Promise<void> {
    if (loaded.state !== 'there') return
    const page = await readPage(place, loaded.value.next_batch)
    pages.current += 1
    setGrown({ from: first, to: { state: 'there', value: joined(loaded.value, page) } })
  }

  return { loaded, again, more }
}

async function readPages(place: Place, count: number): Promise<Versions> {
  let found = await readPage(place)
  for (let read = 1; read < count && found.next_batch !== undefined; read += 1) {
    found = joined(found, await readPage(place, found.next_batch))
  }
  if (twin.object(place) === undefined && found.versions.some((each) => each.current && !each.removed))
    await twin.readObject(place)
  return found
}

const readPage = (place: Place, from?: string): Promise<Versions> =>
  get<Versions>(where(place, 'history'), { limit: PAGE, from })

function joined(before: Versions, page: Versions): Versions {
  return { ...page, versions: [...before.versions, ...page.versions], complete: before.complete && page.complete }
}
