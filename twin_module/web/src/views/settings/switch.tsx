/** A choice of yes or no that is saved as soon as it is made. */

import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { sentence } from '../../parts/form'
import { say } from '../../parts/frame'
import { t } from '../../texts/texts'

interface SwitchProps {
  on: boolean
  label: ComponentChildren
  /** What it means, where the label does not say it. */
  means?: string
  onSwitch: (on: boolean) => Promise<void>
}

export function Switch({ on, label, means, onSwitch }: SwitchProps) {
  const [happened, setHappened] = useState('')
  // What was chosen shows until the twin tells that it is so, or refuses.
  const [wanted, setWanted] = useState<boolean>()
  useEffect(() => setWanted(undefined), [on])

  async function turn(to: boolean): Promise<void> {
    setHappened('')
    setWanted(to)
    try {
      await onSwitch(to)
      setHappened(t('settings.saved'))
    } catch (error) {
      setWanted(undefined)
      say(sentence(error), { bad: true })
    }
  }

  return (
    <div>
      <label class="check">
        <input
          type="checkbox"
          checked={wanted ?? on}
          onChange={({ currentTarget }) => void turn(currentTarget.checked)}
        />
        <span>
          {label}
          {means !== undefined && (
            <>
              <br />
              <span class="soft small">{means}</span>
            </>
          )}
        </span>
      </label>
      <p role="status" class="small soft">
        {happened}
      </p>
    </div>
  )
}
