/** When something was, as the server of whoever wrote it says. */

import { ago, fully } from '../dates'

export function Ago({ ms, now }: { ms: number; now?: number }) {
  const date = new Date(ms)
  // Servers of others may send any number, also one that no calendar has.
  if (Number.isNaN(date.getTime())) return <>{ago(ms)}</>
  return (
    <time datetime={date.toISOString()} title={fully(date)}>
      {ago(ms, now)}
    </time>
  )
}
