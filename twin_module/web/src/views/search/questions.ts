/** Asking while somebody types: the twin hears of it when they pause, and only the last answer counts. */

import { useEffect, useState } from 'preact/hooks'
import { sentence } from '../../parts/form'
import { call, get } from '../../twin/api'
import { twin } from '../../twin/twin'
import type { TwinObject } from '../../twin/types'
import { asked, type Part } from './words'

const PAUSE_MS = 200
/** The twin's own limit of a question, in characters. */
export const LONGEST = 200
/** The twin's own limit of words. */
const MOST_WORDS = 10

export interface Result extends TwinObject {
  title_parts: Part[]
  excerpt: Part[]
}

interface Page {
  results: Result[]
  next_batch?: string
}

export interface Answer {
  /** Of which question this is. */
  question: string
  capability: string
  results: Result[]
  next: string | undefined
}

export interface Asked {
  answer: Answer | undefined
  busy: boolean
  /** Whether the next page is on its way. */
  reading: boolean
  problem: string
  /** Reads the next page. */
  more: () => Promise<void>
  /** Asks once more for what could not be read. */
  again: () => void
}

export function useQuestion(question: string, capability: string): Asked {
  const [answer, setAnswer] = useState<Answer>()
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const [reading, setReading] = useState(false)
  const [tries, setTries] = useState(0)
  const key = asked(question).slice(0, MOST_WORDS).join(' ')

  useEffect(() => {
    if (key === '') {
      setAnswer(undefined)
      setBusy(false)
      setProblem('')
      return
    }
    const stopped = new AbortController()
    setBusy(true)
    const timer = setTimeout(async () => {
      try {
        const query = { q: key.slice(0, LONGEST), capability: capability || undefined }
        const page = await call<Page>('GET', 'search', { query, signal: stopped.signal })
        if (stopped.signal.aborted) return
        keep(page)
        setAnswer({ question: key, capability, results: page.results, next: page.next_batch })
        setProblem('')
        setBusy(false)
      } catch (error) {
        if (stopped.signal.aborted) return
        setAnswer(undefined)
        setProblem(sentence(error))
        setBusy(false)
      }
    }, PAUSE_MS)
    return () => {
      clearTimeout(timer)
      stopped.abort()
    }
  }, [key, capability, tries])

  async function more(): Promise<void> {
    if (answer?.next === undefined || reading) return
    setReading(true)
    setProblem('')
    try {
      const page = await get<Page>('search', {
        q: answer.question,
        capability: answer.capability || undefined,
        from: answer.next,
      })
      keep(page)
      setAnswer((now) =>
        now === answer ? { ...answer, results: [...answer.results, ...page.results], next: page.next_batch } : now,
      )
    } catch (error) {
      setProblem(sentence(error))
    } finally {
      setReading(false)
    }
  }

  const again = (): void => {
    if (answer === undefined) setTries(tries + 1)
    else void more()
  }
  return { answer, busy, reading, problem, more, again }
}

/** Puts what was found on the shelf, so that it opens at once. */
function keep(page: Page): void {
  twin.shelf.take(page.results.map(({ title_parts: _, excerpt: __, ...object }) => object))
}
