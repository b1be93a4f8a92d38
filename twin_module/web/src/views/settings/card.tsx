/** The twin's card: whose it is, and the keys that it signs with. */

import { Download } from 'lucide-preact'
import { Do } from '../../parts/do'
import { CopyButton } from '../../parts/copy'
import { fileName, offer } from '../../parts/download'
import { Icon } from '../../parts/icons'
import { nameOf, Text } from '../../parts/names'
import { t } from '../../texts/texts'
import { ask } from '../../twin/api'
import { twin } from '../../twin/twin'
import { Part } from './part'

export function Card() {
  const card = twin.card.value
  if (card === undefined) return null

  async function download(): Promise<void> {
    offer(await (await ask('GET', 'card')).blob(), fileName('card', card?.server_name ?? '', 'json'))
  }

  return (
    <Part of="card">
      <p>{t('settings.card.text')}</p>
      <dl class="values">
        <div>
          <dt>{t('settings.card.owner')}</dt>
          <dd>
            <Text of={nameOf(card.owner)} />
          </dd>
        </div>
        <div>
          <dt>{t('circle.matrix-id')}</dt>
          <dd>
            <code class="key">{card.owner}</code>
          </dd>
        </div>
        <div>
          <dt>{t('settings.card.server')}</dt>
          <dd>
            <code class="key">{card.server_name}</code>
          </dd>
        </div>
      </dl>
      <div class="stack tight">
        <h3>{t('settings.card.keys')}</h3>
        <p class="soft small">{t('history.keys-text')}</p>
        {Object.entries(card.verify_keys).map(([id, { key }]) => (
          <div key={id} class="command">
            <pre tabIndex={0}>
              <code>
                {id} {key}
              </code>
            </pre>
            <CopyButton text={`${id} ${key}`} label={t('settings.card.copy', { id })} />
          </div>
        ))}
      </div>
      <div class="actions">
        <Do onDo={download}>
          <Icon of={Download} />
          {t('settings.card.download')}
        </Do>
      </div>
    </Part>
  )
}
