/** Apps that wrote for the owner, by the names that they gave. */

import { AppWindow } from 'lucide-preact'
import { ago, fully } from '../../dates'
import { Empty, Loading } from '../../parts/loading'
import { Text } from '../../parts/names'
import { t } from '../../texts/texts'
import { get } from '../../twin/api'
import { useCurrent } from '../people/current'
import { useSome } from '../people/pieces'
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
              <time datetime={new Date(last_used).toISOString()} title={fully(new Date(last_used))}>
                {ago(last_used)}
              </time>
            </span>
          </li>
        ))}
      </ul>
      {more}
    </>
  )
}
