/** What can be set, how the twin is, where one is signed in, and what was let out of it. */

import { useEffect } from 'preact/hooks'
import { Heading } from '../parts/frame'
import { t } from '../texts/texts'
import { About } from './settings/about'
import { Busy } from './settings/busy'
import { CalendarApps } from './settings/calendar-apps'
import { Card } from './settings/card'
import { Companion } from './settings/companion'
import { Experiences } from './settings/experiences'
import { Export } from './settings/export'
import { Health } from './settings/health'
import { Invitations } from './settings/invitations'
import { Links } from './settings/links'
import { Look } from './settings/look'
import { PARTS } from './settings/part'
import { Search } from './settings/search'
import { Sessions } from './settings/sessions'
import { Time } from './settings/time'
import { useWishes } from './settings/wishes'
import './objects.css'
import './settings/settings.css'

export function Settings() {
  const [wishes, again] = useWishes()
  useEffect(() => {
    // The part that the address names was not there yet when the browser looked for it.
    document.getElementById(location.hash.slice(1))?.scrollIntoView()
  }, [])
  return (
    <>
      <Heading title={t('nav.settings')}>{t('nav.settings')}</Heading>
      <div class="settings">
        <nav aria-label={t('settings.parts')}>
          <ul>
            {PARTS.map((part) => (
              <li key={part}>
                <a href={`#${part}`}>{t(`settings.${part}`)}</a>
              </li>
            ))}
          </ul>
        </nav>
        <div class="stack">
          <Look />
          <Health />
          <Sessions />
          <Links />
          <Invitations loaded={wishes} again={again} />
          <Busy loaded={wishes} again={again} />
          <Time loaded={wishes} again={again} />
          <Companion loaded={wishes} again={again} />
          <Search loaded={wishes} again={again} />
          <CalendarApps />
          <Experiences />
          <Card />
          <Export />
          <About />
        </div>
      </div>
    </>
  )
}
