/** A form that a schema describes, for an object's content or a command's arguments. */

import { useRef, useState } from 'preact/hooks'
import { Form } from '../../parts/form'
import { t, type Key } from '../../texts/texts'
import { Refused } from '../../twin/api'
import type { Content } from '../../twin/types'
import { blank, drafted, read, type Draft, type Wrong } from './draft'
import { Inputs, type Problems } from './fields'
import { own, type Field } from './schema'

interface Props {
  fields: readonly Field[]
  /** What is there already. */
  before?: Content | undefined
  submit: string
  /** Sends what was typed; its refusals are shown at the fields that they name. */
  onSubmit: (content: Content) => Promise<void> | void
  onCancel?: (() => void) | undefined
}

export function ObjectForm({ fields, before, submit, onSubmit, onCancel }: Props) {
  const [draft, setDraft] = useState<{ readonly [name: string]: Draft }>(() => begun(fields, before))
  const [problems, setProblems] = useState<Problems>([])
  const around = useRef<HTMLDivElement>(null)

  function complain(found: Problems): void {
    setProblems(found)
    requestAnimationFrame(() => {
      const first = around.current?.querySelector('.wrong')?.closest('.field, .fields')
      first?.querySelector<HTMLElement>('input, select, textarea, button')?.focus()
    })
  }

  async function send(): Promise<void> {
    const { content, wrong } = read(fields, draft, before)
    if (wrong.length > 0) {
      complain(wrong.map((each) => ({ path: each.path, message: inWords(each) })))
      throw new Refused(400, 'M_BAD_JSON', t('objects.look-again'))
    }
    setProblems([])
    try {
      await onSubmit(content)
    } catch (error) {
      if (error instanceof Refused) complain(named(error.fields.errors))
      throw error
    }
  }

  return (
    <div ref={around} class="object-form">
      <Form submit={submit} onSubmit={send} onCancel={onCancel}>
        <Inputs fields={fields} draft={draft} onDraft={setDraft} problems={problems} />
      </Form>
    </div>
  )
}

function begun(fields: readonly Field[], before: Content | undefined): { [name: string]: Draft } {
  if (before === undefined) return blank(fields)
  return Object.fromEntries(fields.map((field) => [field.name, drafted(field, own(before, field.name))]))
}

/** Reads the problems that a refusal names. */
function named(errors: unknown): Problems {
  if (!Array.isArray(errors)) return []
  return errors.flatMap((each: unknown) => {
    const { path, message } = (typeof each === 'object' && each !== null ? each : {}) as {
      path?: unknown
      message?: unknown
    }
    return typeof path === 'string' && typeof message === 'string' ? [{ path, message }] : []
  })
}

function inWords({ what, limit }: Wrong): string {
  return t(`objects.wrong.${what}` as Key, { limit: limit ?? 0 })
}
