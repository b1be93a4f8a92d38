/** Versions of a document that have a name: to give one to what is there now, to look at one, to take a name back. */

import { effect } from '@preact/signals'
import { useState } from 'preact/hooks'
import { X } from 'lucide-preact'
import { Dialog } from '../../parts/dialog'
import { Field, Form, sentence, text } from '../../parts/form'
import { say } from '../../parts/frame'
import { Icon } from '../../parts/icons'
import { clean, Text } from '../../parts/names'
import { t } from '../../texts/texts'
import { command, get } from '../../twin/api'
import { twin } from '../../twin/twin'
import type { TwinObject } from '../../twin/types'
import { VersionDialog, where } from '../history/dialogs'
import type { Shown } from '../history/told'
import { CAPABILITY, textOf, versionsOf } from './document'

const LONGEST_NAME = 100
/** The twin writes a text down when nobody has typed for some seconds; who is never quiet gets the newest version. */
const PATIENCE_MS = 20_000

interface VersionsProps {
  object: TwinObject
  /** The text as it is now, with what is not written down yet. */
  now: () => string
  onClose: () => void
}

export function Versions({ object, now, onClose }: VersionsProps) {
  const [open, setOpen] = useState<string>()
  const mayWrite = twin.mayWrite(object.room_id)
  const named = versionsOf(object.content)
  const { room_id, uid } = object

  async function name(data: FormData): Promise<void> {
    const called = text(data, 'name')
    await writtenDown(object, now())
    await command(CAPABILITY, 'name_version', { room_id, uid, name: called })
    onClose()
    say(t('documents.version-named', { name: called }))
  }

  async function forget(called: string): Promise<void> {
    try {
      await command(CAPABILITY, 'forget_version', { room_id, uid, name: called })
      say(t('documents.version-forgotten', { name: clean(called) }))
    } catch (error) {
      say(sentence(error), { bad: true })
    }
  }

  if (open !== undefined) {
    return (
      <VersionDialog
        place={object}
        read={() => get<Shown>(where(object, 'history', open))}
        current={object.etag}
        onClose={onClose}
      />
    )
  }
  return (
    <Dialog title={t('documents.versions')} onClose={onClose}>
      {named.length === 0 && <p class="soft">{t('documents.no-versions')}</p>}
      <ul class="list">
        {named.map(([called, eventId]) => (
          <li key={called} class="row">
            <button type="button" class="quiet grow version" onClick={() => setOpen(eventId)}>
              <Text of={called} />
            </button>
            {mayWrite && (
              <button
                type="button"
                class="quiet icon-only"
                aria-label={t('documents.forget-version', { name: clean(called) })}
                onClick={() => void forget(called)}
              >
                <Icon of={X} />
              </button>
            )}
          </li>
        ))}
      </ul>
      {mayWrite && (
        <Form submit={t('documents.name-version')} onSubmit={name}>
          <Field label={t('documents.version-name')} hint={t('documents.version-hint')}>
            {(ids) => <input {...ids} name="name" required maxLength={LONGEST_NAME} pattern=".*\S.*" autocomplete="off" />}
          </Field>
        </Form>
      )}
    </Dialog>
  )
}

/** Waits until a text is in the document's own event, which is what a name can be given to. */
function writtenDown(object: TwinObject, wanted: string): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, PATIENCE_MS)
    let over = false
    const stop = effect(() => {
      const newest = twin.shelf.get(object)
      if (newest === undefined) return done()
      void textOf(newest).then((found) => found === wanted && done(), done)
    })
    function done(): void {
      if (over) return
      over = true
      clearTimeout(timer)
      queueMicrotask(() => stop())
      resolve()
    }
  })
}
