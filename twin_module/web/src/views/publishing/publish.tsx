/** Publishing an object or a collection by a link: what that means, making one, and those that there are. */

import { useState } from 'preact/hooks'
import { Globe } from 'lucide-preact'
import { Dialog } from '../../parts/dialog'
import { Field, Form, text } from '../../parts/form'
import { Icon } from '../../parts/icons'
import { Loading, useRead } from '../../parts/loading'
import { roomName } from '../../parts/names'
import { t } from '../../texts/texts'
import { get, post } from '../../twin/api'
import { twin } from '../../twin/twin'
import type { Place } from '../../twin/types'
import { said } from '../people/said'
import { LinkList } from './link-list'
import { endOf, ENDS, isOf, mayPublish, type End, type Publishable, type PublishedLink } from './links'

/** A button that opens the dialog; nothing where the owner may not publish. */
export function Publish({ place }: { place: Place | { room_id: string } }) {
  const [open, setOpen] = useState(false)
  const what: Publishable = place
  if (!mayPublish(twin.rooms.value.get(what.room_id), what.capability)) return null
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        <Icon of={Globe} />
        {t('publish.open')}
      </button>
      {open && <PublishDialog what={named(what)} onClose={() => setOpen(false)} />}
    </>
  )
}

/** Returns what a link names, of an object that knows more of itself. */
function named({ room_id, capability, uid }: Publishable): Publishable {
  return capability === undefined || uid === undefined ? { room_id } : { room_id, capability, uid }
}

function PublishDialog({ what, onClose }: { what: Publishable; onClose: () => void }) {
  const [fresh, setFresh] = useState<string>()
  const whole = what.capability === undefined
  const [loaded, again] = useRead(async () => {
    const { links } = await get<{ links: PublishedLink[] }>('links')
    return {
      own: links.filter((link) => isOf(link, what)),
      around: !whole && links.some((link) => isOf(link, { room_id: what.room_id }) && link.note === undefined),
    }
  }, [])
  const title = said(titleOf(what))

  async function make(data: FormData): Promise<void> {
    const expires = endOf(text(data, 'end') as End, Date.now())
    const link = await post<PublishedLink>('links', { ...what, ...(expires === undefined ? {} : { expires }) })
    setFresh(link.id)
    again()
  }

  return (
    <Dialog title={t('publish.title', { title })} onClose={onClose}>
      <div class="stack tight">
        <p>{t(whole ? 'publish.means.collection' : 'publish.means.object')}</p>
        <ul class="bullets">
          <li>{t('publish.means.current')}</li>
          <li>{t('publish.means.who')}</li>
          <li>{t('publish.means.proof')}</li>
          <li>{t('publish.means.nothing-else')}</li>
          <li>{t('publish.means.key')}</li>
        </ul>
      </div>
      <Form submit={t('publish.make')} onSubmit={make}>
        <Field label={t('publish.end')} hint={t('publish.end.hint')}>
          {(ids) => (
            <select {...ids} name="end">
              {ENDS.map((end) => (
                <option key={end} value={end} selected={end === 'month'}>
                  {t(`publish.end.${end}`)}
                </option>
              ))}
            </select>
          )}
        </Field>
      </Form>
      <section class="stack tight links-of-it" aria-labelledby="links-of-it">
        <h3 id="links-of-it">{t('publish.links')}</h3>
        <Loading of={loaded} again={again}>
          {({ own, around }) => (
            <>
              {around && <p class="note warn">{t('publish.with-collection')}</p>}
              {own.length === 0 && <p class="soft">{t('publish.none')}</p>}
              <p role="status">{own.some(({ id }) => id === fresh) && t('publish.made-one')}</p>
              <LinkList links={own} fresh={fresh} onChanged={again} />
            </>
          )}
        </Loading>
      </section>
    </Dialog>
  )
}

function titleOf({ room_id, capability, uid }: Publishable): string {
  if (capability === undefined || uid === undefined) return roomName(room_id)
  return twin.object({ room_id, capability, uid })?.title || uid
}
