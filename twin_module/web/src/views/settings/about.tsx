/** What runs here. */

import { Loading, useCurrent } from '../../parts/loading'
import { t } from '../../texts/texts'
import { API, get } from '../../twin/api'
import { capabilityName } from '../objects/names'
import { twin } from '../../twin/twin'
import type { Status } from './judged'
import { Part } from './part'

export function About() {
  const [loaded, again] = useCurrent(() => get<Status>('status'), [])
  return (
    <Part of="about">
      <Loading of={loaded} again={again}>
        {({ version }) => (
          <dl class="values">
            <div>
              <dt>{t('settings.about.version')}</dt>
              <dd>
                <code>{version}</code>
              </dd>
            </div>
            <div>
              <dt>{t('settings.about.can')}</dt>
              <dd>{twin.capabilities.value.map(({ name }) => capabilityName(name)).join(', ')}</dd>
            </div>
            <div>
              <dt>{t('settings.about.api')}</dt>
              <dd>
                <a href={`${API}/openapi.json`} target="_blank" rel="noopener">
                  {t('settings.about.api-text')}
                </a>
              </dd>
            </div>
            <div>
              <dt>{t('settings.about.license')}</dt>
              <dd>Apache License 2.0</dd>
            </div>
          </dl>
        )}
      </Loading>
    </Part>
  )
}
