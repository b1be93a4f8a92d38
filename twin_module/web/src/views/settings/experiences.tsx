/** Apps that wrote for the owner, by the names that they gave. */

import { AppWindow } from 'lucide-preact'
import { useSome } from '../../parts/some'
import { Ago } from '../../parts/ago'
import { Empty, Loading, useCurrent } from '../../parts/loading'
import { Text } from '../../parts/names'
import { t } from '../../texts/texts'
import { get } from '../../twin/api'
import { Part } from './part'

interface Experience {
  name: string
  last_used: number
  objects: number
}

const FEW = 20

export function Experiences() {
  const [loaded, again] = useCurrent(
    async () => (await get<{ experiences: Experience[] }>('experiences')).experiences,
    [],
  )
  return (
    <Part of="experiences">
      <p>{t('settings.experiences.text')}</p>
      <Loading of={loaded} again={again}>
        {(experiences) => <List of={experiences} />}
      </Loading>
    </Part>
  )
}

function List({ of }: { of: readonly Experience[] }) {
  const [some, more] = useSome(of, FEW)
  if (of.length === 0) {
    return (
      <Empty icon={AppWindow}>
        <p>{t('settings.experiences.none')}</p>
      </Empty>
    )
  }
  return (
    <>
      <ul class="list">
        {some.map(({ name, last_used, objects }) => (
          <li key={name} class="spread">
            <strong>
              <Text of={name} />
            </strong>
            <span class="soft small">
              {t('settings.experiences.objects', { count: objects })}
              {' · '}
              <Ago ms={last_used} />
            </span>
          </li>
        ))}
      </ul>
      {more}
    </>
  )
}
