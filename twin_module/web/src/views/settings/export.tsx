/** How everything of the twin becomes one archive, which is made where the twin runs. */

import { CopyButton } from '../../parts/copy'
import { fileName } from '../../parts/download'
import { t } from '../../texts/texts'
import { twin } from '../../twin/twin'
import { Part } from './part'

export function Export() {
  const archive = fileName('twin', twin.card.value?.server_name ?? '', 'zip')
  return (
    <Part of="export">
      <p>{t('settings.export.text')}</p>
      <ol class="steps">
        <li class="stack tight">
          <p>{t('settings.export.make')}</p>
          <Command text={`twin export homeserver.yaml ${archive}`} label={t('settings.export.copy-make')} />
          <p class="soft small">{t('settings.export.make-means')}</p>
        </li>
        <li class="stack tight">
          <p>{t('settings.export.check')}</p>
          <Command text={`twin verify ${archive}`} label={t('settings.export.copy-check')} />
        </li>
      </ol>
      <p class="soft small">{t('settings.export.not')}</p>
    </Part>
  )
}

function Command({ text, label }: { text: string; label: string }) {
  return (
    <div class="command">
      <pre tabIndex={0} dir="ltr">
        <code>{text}</code>
      </pre>
      <CopyButton text={text} label={label} />
    </div>
  )
}
