/** Messages that have what was searched for, where the owner wants chats to be searched. */

import { useEffect, useState } from 'preact/hooks'
import { call } from '../../twin/api'
import type { Part } from './words'

export interface Message {
  room_id: string
  event_id: string
  /** As Matrix clients open it. */
  uri: string
  sender: string
  sent: number
  excerpt: Part[]
}

/** Reads the newest messages for a question that was answered, and none while there is none. */
export function useMessages(question: string | undefined, wanted: boolean): Message[] {
  const [messages, setMessages] = useState<Message[]>([])
  useEffect(() => {
    setMessages([])
    if (question === undefined || !wanted) return
    const stopped = new AbortController()
    call<{ messages: Message[] }>('GET', 'search/messages', { query: { q: question }, signal: stopped.signal }).then(
      (page) => !stopped.signal.aborted && setMessages(page.messages),
      // What was found elsewhere shows all the same, and what is wrong with the twin shows there.
      () => undefined,
    )
    return () => stopped.abort()
  }, [question, wanted])
  return messages
}
