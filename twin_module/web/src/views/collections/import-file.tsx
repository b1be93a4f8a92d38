/** Importing a file of a calendar or an address book into a collection: how far it is, and what can't be taken. */

import { useEffect, useState } from 'preact/hooks'
import { Dialog } from '../../parts/dialog'
import { Do } from '../../parts/do'
import { Field, Form, sentence } from '../../parts/form'
import { clean, roomName, Text } from '../../parts/names'
import { useSome } from '../../parts/some'
import { number, t } from '../../texts/texts'
import { ask, Away, call, get, path, Refused } from '../../twin/api'
import type { Room } from '../../twin/types'
import { said } from '../people/said'
import { doneOf, typeOf, type Import } from './imports'

const LOOK_MS = 700
const FEW = 20

export function ImportFile({ room, onClose }: { room: Room; onClose: () => void }) {
  const [id, setId] = useState<string>()

  async function begin(data: FormData): Promise<void> {
    const file = data.get('file')
    if (!(file instanceof File) || file.size === 0) throw new Refused(400, 'M_MISSING_PARAM', t('import.nothing'))
    const type = await typeOf(file)
    if (type === undefined) throw new Refused(400, 'M_INVALID_PARAM', t('import.other'))
    const answer = await ask('POST', path('rooms', room.room_id, 'import'), { file: new Blob([file], { type }) })
    setId(((await answer.json()) as { import_id: string }).import_id)
  }

  return (
    <Dialog title={t('import.title', { name: said(roomName(room.room_id)) })} onClose={onClose}>
      {id === undefined ? (
        <Form submit={t('import.do')} onSubmit={begin} onCancel={onClose}>
          <p>{t('import.text')}</p>
          <Field label={t('import.file')} hint={t('import.hint')}>
            {(ids) => (
              <input {...ids} type="file" name="file" required accept=".ics,.ical,.vcf,text/calendar,text/vcard" />
            )}
          </Field>
        </Form>
      ) : (
        <Progress key={id} id={id} onAgain={() => setId(undefined)} onClose={onClose} />
      )}
    </Dialog>
  )
}

function Progress({ id, onAgain, onClose }: { id: string; onAgain: () => void; onClose: () => void }) {
  const [shown, setShown] = useState<Import>()
  const [problem, setProblem] = useState('')
  const over = shown !== undefined && shown.state !== 'running'
  useEffect(() => {
    if (over) return
    let timer: ReturnType<typeof setTimeout>
    let gone = false
    const look = async (): Promise<void> => {
      try {
        const found = await get<Import>(path('imports', id))
        if (gone) return
        setShown(found)
        setProblem('')
        if (found.state !== 'running') return
      } catch (error) {
        if (gone) return
        setProblem(sentence(error))
        // It goes on where the twin is; a page that can't ask has only to ask again.
        if (!(error instanceof Away)) return
      }
      timer = setTimeout(() => void look(), LOOK_MS)
    }
    void look()
    return () => {
      gone = true
      clearTimeout(timer)
    }
  }, [id, over])
  return (
    <div class="stack">
      {shown && (
        <>
          <p role="status">
            <strong>{t(`import.state.${shown.state}`)}</strong>{' '}
            {shown.state !== 'running' || shown.total > 0
              ? t('import.counts', {
                  written: number(shown.written),
                  unchanged: number(shown.unchanged),
                  total: number(shown.total),
                })
              : null}
          </p>
          {!over && (
            <progress
              class="import-progress"
              aria-label={t('import.progress')}
              max={Math.max(shown.total, 1)}
              value={doneOf(shown)}
            />
          )}
          {shown.problem !== undefined && <p class="note bad">{clean(shown.problem)}</p>}
          <RefusedOnes of={shown} />
        </>
      )}
      <div role="alert">{problem !== '' && <p class="note bad">{problem}</p>}</div>
      <div class="actions end">
        {over ? (
          <>
            <button type="button" onClick={onAgain}>
              {t('import.again')}
            </button>
            <button type="button" class="main" autofocus onClick={onClose}>
              {t('close')}
            </button>
          </>
        ) : (
          <Do onDo={() => call('DELETE', path('imports', id))}>{t('import.stop')}</Do>
        )}
      </div>
    </div>
  )
}

/** What could not be taken, each with the reason. */
function RefusedOnes({ of: { refused = [], refused_count } }: { of: Import }) {
  const [some, more] = useSome(refused, FEW)
  if (refused_count === 0) return null
  return (
    <section class="stack tight" aria-labelledby="import-refused">
      <h3 id="import-refused">{t('import.refused', { count: refused_count })}</h3>
      <ul class="list">
        {some.map(({ name, reason }, at) => (
          <li key={at}>
            <strong>
              <Text of={name} />
            </strong>
            <p class="small">
              <Text of={reason} />
            </p>
          </li>
        ))}
      </ul>
      {more}
    </section>
  )
}
