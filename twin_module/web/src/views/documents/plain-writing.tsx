/**
 * Writing where no live connection comes through, as behind a proxy that lets no WebSockets pass: by a button that
 * saves, and never over what somebody else wrote meanwhile.
 */

import { history, historyKeymap, redo, undo } from '@codemirror/commands'
import { EditorView, keymap } from '@codemirror/view'
import { useRef, useState } from 'preact/hooks'
import { CopyButton } from '../../parts/copy'
import { sentence } from '../../parts/form'
import { t } from '../../texts/texts'
import { call, path, Refused } from '../../twin/api'
import { twin } from '../../twin/twin'
import type { TwinObject, Written } from '../../twin/types'
import { textOf } from './document'
import { Editor } from './editor'

type Saving = 'saved' | 'changed' | 'busy' | 'conflict' | { problem: string }

interface PlainWritingProps {
  object: TwinObject
  text: string
  /** Called with the first save, where the text was not saved before. */
  onSaved?: (() => void) | undefined
}

export function PlainWriting({ object, text, onSaved }: PlainWritingProps) {
  const view = useRef<EditorView | null>(null)
  const etag = useRef(object.etag)
  const [saving, setSaving] = useState<Saving>(onSaved === undefined ? 'saved' : 'changed')
  const written = (): string => view.current?.state.doc.toString() ?? text

  async function save(): Promise<void> {
    if (saving === 'busy') return
    const sent = written()
    setSaving('busy')
    try {
      const { room_id, capability, uid } = object
      const answer = await call<Written>('PATCH', path('rooms', room_id, capability, uid), {
        body: { text: sent, textFile: null },
        headers: { 'If-Match': etag.current },
      })
      etag.current = answer.etag
      onSaved?.()
      setSaving(written() === sent ? 'saved' : 'changed')
    } catch (error) {
      setSaving(error instanceof Refused && error.status === 412 ? 'conflict' : { problem: sentence(error) })
    }
  }

  /** Takes what is there now as what one has seen; with `theirs`, it takes the place of what was written here. */
  async function seen(theirs: boolean): Promise<void> {
    try {
      const newest = await twin.readObject(object)
      const text = await textOf(newest)
      etag.current = newest.etag
      if (!theirs) return await save()
      view.current?.dispatch({ changes: { from: 0, to: view.current.state.doc.length, insert: text } })
      setSaving('saved')
    } catch (error) {
      setSaving({ problem: sentence(error) })
    }
  }

  return (
    <div class="stack">
      <p class="note warn">{t('documents.no-live')}</p>
      <div class="card sheet write">
        <Editor
          label={t('documents.text')}
          text={() => text}
          extensions={() => [
            history(),
            keymap.of(historyKeymap),
            EditorView.updateListener.of((update) => {
              if (update.docChanged) setSaving((before) => (before === 'saved' ? 'changed' : before))
            }),
          ]}
          undo={() => view.current && undo(view.current)}
          redo={() => view.current && redo(view.current)}
          onView={(made) => (view.current = made)}
        />
      </div>
      <div role="alert">
        {typeof saving === 'object' && <p class="note bad">{saving.problem}</p>}
        {saving === 'conflict' && (
          <div class="note warn stack">
            <p>{t('documents.conflict')}</p>
            <div class="actions">
              <CopyButton text={written()} label={t('documents.copy-mine')} />
              <button type="button" onClick={() => void seen(true)}>
                {t('documents.take-theirs')}
              </button>
              <button type="button" onClick={() => void seen(false)}>
                {t('documents.take-mine')}
              </button>
            </div>
          </div>
        )}
      </div>
      <div class="actions end">
        <span role="status" class="soft small">
          {saving === 'saved' ? t('documents.saved') : saving === 'busy' ? t('documents.saving') : t('documents.unsaved')}
        </span>
        <button type="button" class="main" aria-disabled={saving === 'busy'} onClick={() => void save()}>
          {saving === 'busy' && <span class="busy" aria-hidden="true" />}
          {t('save')}
        </button>
      </div>
    </div>
  )
}
