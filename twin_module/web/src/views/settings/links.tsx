/** Everything that was published by a link. */

import { Globe } from 'lucide-preact'
import { Link } from 'wouter-preact'
import { Empty, Loading, useCurrent } from '../../parts/loading'
import { roomName, Text } from '../../parts/names'
import { places } from '../../places'
import { t } from '../../texts/texts'
import { get } from '../../twin/api'
import { twin } from '../../twin/twin'
import { capabilityName } from '../objects/names'
import { LinkList } from '../publishing/link-list'
import type { PublishedLink } from '../publishing/links'
import { Part } from './part'

export function Links() {
  const [loaded, again] = useCurrent(
    async () => (await get<{ links: PublishedLink[] }>('links')).links,
    [],
  )
  return (
    <Part of="links">
      <p>{t('settings.links.text')}</p>
      <Loading of={loaded} again={again}>
        {(links) => (
          <>
            {links.length === 0 && (
              <Empty icon={Globe}>
                <p>{t('settings.links.none')}</p>
              </Empty>
            )}
            <LinkList links={links} onChanged={again} about={(link) => <What link={link} />} />
          </>
        )}
      </Loading>
    </Part>
  )
}

/** What a link opens, with a way there where the owner still is in its room. */
function What({ link }: { link: PublishedLink }) {
  const { room_id, capability, uid } = link
  const title = link.title || t('publish.untitled')
  const isObject = capability !== undefined && uid !== undefined
  const there = isObject ? places.object({ room_id, capability, uid }) : places.collection(room_id)
  return (
    <p>
      <strong>
        {twin.rooms.value.has(room_id) ? (
          <Link href={there}>
            <Text of={title} />
          </Link>
        ) : (
          <Text of={title} />
        )}
      </strong>{' '}
      <span class="soft small">
        {isObject ? (
          <>
            {capabilityName(capability)} · <Text of={roomName(room_id)} />
          </>
        ) : (
          t('settings.links.whole')
        )}
      </span>
    </p>
  )
}
