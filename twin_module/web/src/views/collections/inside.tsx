/** What is in a collection, in a tab for each capability. */

import { Link } from 'wouter-preact'
import { Later, later } from '../../parts/later'
import { Loading, useRead } from '../../parts/loading'
import { places } from '../../places'
import { t } from '../../texts/texts'
import { path } from '../../twin/api'
import { twin } from '../../twin/twin'
import { calledAs, opening, tabsOf } from './tabs'

const Tasks = later(async () => (await import('../tasks')).Tasks)
const Documents = later(async () => (await import('../documents')).Documents)
const Agenda = later(async () => (await import('../agenda/of-room')).AgendaOfRoom)
const Contacts = later(async () => (await import('../contacts')).Contacts)
const Objects = later(async () => (await import('../objects')).Objects)

export function Inside({ roomId, capability }: { roomId: string; capability: string | undefined }) {
  const tabs = tabsOf(twin.capabilities.value)
  if (capability === undefined) return <Opening roomId={roomId} tabs={tabs} />
  return <Tabs roomId={roomId} tabs={tabs} chosen={capability} />
}

/** Looks which tab has something in it; asked once, so that no tab opens under somebody's hands. */
function Opening({ roomId, tabs }: { roomId: string; tabs: readonly string[] }) {
  const [found, again] = useRead(async () => {
    const where = `${path('rooms', roomId)}/objects`
    const counts = await Promise.all(tabs.map((capability) => twin.read(where, { capability }, 1)))
    return opening(tabs, new Set(tabs.filter((_, place) => (counts[place] ?? 0) > 0)))
  }, [roomId])
  return (
    <Loading of={found} again={again}>
      {(chosen) => <Tabs roomId={roomId} tabs={tabs} chosen={chosen} />}
    </Loading>
  )
}

function Tabs({ roomId, tabs, chosen }: { roomId: string; tabs: readonly string[]; chosen: string }) {
  return (
    <>
      <nav class="tabs" aria-label={t('collection.tabs')}>
        {tabs.map((each) => (
          <Link key={each} href={places.capability(roomId, each)} aria-current={each === chosen ? 'page' : undefined}>
            {tabName(each)}
          </Link>
        ))}
      </nav>
      <Later of={chosen}>
        {chosen === 'tasks' ? (
          <Tasks key={roomId} roomId={roomId} />
        ) : chosen === 'docs' ? (
          <Documents key={roomId} roomId={roomId} />
        ) : chosen === 'agenda' && tabs.includes(chosen) ? (
          <Agenda key={roomId} roomId={roomId} />
        ) : chosen === 'contacts' && tabs.includes(chosen) ? (
          <Contacts key={roomId} roomId={roomId} />
        ) : tabs.includes(chosen) ? (
          <Objects key={`${roomId} ${chosen}`} roomId={roomId} capability={chosen} />
        ) : (
          <p class="empty">{t('error.no-such-page')}</p>
        )}
      </Later>
    </>
  )
}

export function tabName(capability: string): string {
  switch (capability) {
    case 'tasks':
      return t('collection.tab.tasks')
    case 'docs':
      return t('collection.tab.docs')
    case 'attestations':
      return t('collection.tab.attestations')
    case 'agenda':
      return t('collection.tab.agenda')
    case 'contacts':
      return t('collection.tab.contacts')
    default:
      return calledAs(capability)
  }
}
