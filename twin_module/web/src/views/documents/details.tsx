/** Title and keywords of a document, to change. */

import { Dialog } from '../../parts/dialog'
import { Field, Form, text } from '../../parts/form'
import { t } from '../../texts/texts'
import { twin } from '../../twin/twin'
import type { TwinObject } from '../../twin/types'
import { sent } from '../objects/sent'
import { detailsChanged, keywordsOf, LONGEST_TITLE, words } from './document'

export function Details({ object, onClose }: { object: TwinObject; onClose: () => void }) {
  const keywords = keywordsOf(object.content)
  async function save(data: FormData): Promise<void> {
    const changed = detailsChanged(object.content, text(data, 'title'), words(text(data, 'keywords')))
    if (Object.keys(changed).length > 0) await sent(() => twin.outbox.change(object, changed))
    onClose()
  }
  return (
    <Dialog title={t('documents.details')} onClose={onClose}>
      <Form submit={t('save')} onSubmit={save} onCancel={onClose}>
        <Field label={t('documents.title')}>
          {(ids) => (
            <input
              {...ids}
              name="title"
              required
              maxLength={LONGEST_TITLE}
              pattern=".*\S.*"
              defaultValue={typeof object.content.title === 'string' ? object.content.title : object.title}
              autocomplete="off"
            />
          )}
        </Field>
        <Field label={t('documents.keywords')} hint={t('documents.keywords.hint')}>
          {(ids) => <input {...ids} name="keywords" defaultValue={keywords.join(', ')} autocomplete="off" />}
        </Field>
      </Form>
    </Dialog>
  )
}
