/** What somebody does first whose twin is empty. */

import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Circle, CircleCheck } from 'lucide-preact'
import { Link } from 'wouter-preact'
import { Icon } from '../../parts/icons'
import { useRead } from '../../parts/loading'
import { places } from '../../places'
import { t } from '../../texts/texts'
import { twin } from '../../twin/twin'
import { MakeCollection } from '../collections/make'
import { focusSoon, writableRooms } from '../tasks/acts'

/** Tells whether the twin had nothing in it when the view opened: the steps stay until somebody goes elsewhere. */
export function useNewcomer(): boolean {
  const [loaded] = useRead(
    async () => twin.collections.value.length === 0 || (await twin.read('objects', {}, 1)) === 0,
    [],
  )
  return loaded.state === 'there' && loaded.value
}

export function FirstSteps() {
  const [making, setMaking] = useState(false)
  const toTask = (): void => focusSoon(() => document.querySelector('.home .quick-add input'), true)
  const mayAdd = writableRooms().collections.length > 0
  return (
    <section class="card stack" aria-labelledby="home-steps">
      <div>
        <h2 id="home-steps">{t('home.steps')}</h2>
        <p class="soft">{t('home.steps.text')}</p>
      </div>
      <ol class="steps">
        <Step name="collection" done={twin.collections.value.length > 0}>
          <button type="button" class={mayAdd ? '' : 'main'} onClick={() => setMaking(true)}>
            {t('collections.make')}
          </button>
        </Step>
        <Step name="task" done={twin.objects.value.some((each) => each.sender === twin.owner.value)}>
          {mayAdd && (
            <button type="button" class="main" onClick={toTask}>
              {t('home.steps.task.do')}
            </button>
          )}
        </Step>
        <Step name="people" done={twin.people.value.size > 0}>
          <Link href={places.people} class="button">
            {t('home.steps.people.do')}
          </Link>
        </Step>
      </ol>
      {making && <MakeCollection onClose={() => setMaking(false)} onMade={() => (setMaking(false), toTask())} />}
    </section>
  )
}

interface StepProps {
  name: 'collection' | 'task' | 'people'
  done: boolean
  children: ComponentChildren
}

function Step({ name, done, children }: StepProps) {
  return (
    <li class="step" data-done={done}>
      <Icon of={done ? CircleCheck : Circle} />
      <div>
        <h3>
          {t(`home.steps.${name}`)}
          {done && <span class="hidden-text"> {t('home.steps.done')}</span>}
        </h3>
        <p class="soft">{t(`home.steps.${name}.text`)}</p>
      </div>
      <div class="actions">{children}</div>
    </li>
  )
}
