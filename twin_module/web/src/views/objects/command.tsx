/** Buttons for the commands of a capability; those that need more than the object ask for it. */

import { useState } from 'preact/hooks'
import { Dialog } from '../../parts/dialog'
import { sentence } from '../../parts/form'
import { say } from '../../parts/frame'
import { t } from '../../texts/texts'
import { command } from '../../twin/api'
import type { Content } from '../../twin/types'
import type { Doing } from './declared'
import { ObjectForm } from './object-form'
import { fieldsOf, own, readable } from './schema'

interface Props {
  capability: string
  doing: Doing
  /** Arguments that are known already: the room, the object. */
  given: Content
  /** The object's content, from which the form takes what is there. */
  content?: Content | undefined
  label?: string | undefined
}

export function CommandButton({ capability, doing, given, content, label = readable(doing.name) }: Props) {
  const [open, setOpen] = useState(false)
  const [busy, setBusy] = useState(false)
  const { properties, ...around } = doing.schema
  const names = Object.keys(properties ?? {})
  // A uid is for programs that make objects; people get one.
  const asked = Object.entries(properties ?? {}).filter(
    ([name]) => name !== 'room_id' && name !== 'uid' && !Object.hasOwn(given, name),
  )
  const fields = fieldsOf({ ...around, properties: Object.fromEntries(asked) })
  const known = Object.fromEntries(Object.entries(given).filter(([name]) => names.includes(name)))

  async function run(args: Content): Promise<void> {
    await command(capability, doing.name, { ...known, ...args })
    setOpen(false)
    say(t('objects.done', { what: label }))
  }

  async function runAtOnce(): Promise<void> {
    if (busy) return
    setBusy(true)
    try {
      await run({})
    } catch (error) {
      say(sentence(error), { bad: true })
    } finally {
      setBusy(false)
    }
  }

  return (
    <>
      <button
        type="button"
        title={doing.summary}
        aria-disabled={busy}
        onClick={() => (fields.length === 0 ? void runAtOnce() : setOpen(true))}
      >
        {busy && <span class="busy" aria-hidden="true" />}
        {label}
      </button>
      {open && (
        <Dialog title={label} onClose={() => setOpen(false)}>
          <p class="soft">{doing.summary}</p>
          <ObjectForm
            fields={fields}
            before={content && shared(names, content)}
            submit={label}
            onSubmit={run}
            onCancel={() => setOpen(false)}
          />
        </Dialog>
      )}
    </>
  )
}

/** Returns what arguments and content have in common by name: who renames begins with the name. */
function shared(names: readonly string[], content: Content): Content {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = own(content, name)
      return value === undefined ? [] : [[name, value]]
    }),
  )
}
