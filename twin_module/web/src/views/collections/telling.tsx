/** What the twin tells in the room of a collection that its owner made. */

import { useEffect, useState } from 'preact/hooks'
import { Field, sentence } from '../../parts/form'
import { Loading } from '../../parts/loading'
import { t } from '../../texts/texts'
import { changeWishes, TOLD, useWishes, type Told } from '../settings/wishes'

export function Telling({ roomId }: { roomId: string }) {
  const [loaded, again] = useWishes()
  return (
    <section class="stack tight with-line" aria-labelledby="telling">
      <h3 id="telling">{t('told.title')}</h3>
      {loaded.state === 'reading' ? (
        <p class="soft">{t('loading')}</p>
      ) : (
        <Loading of={loaded} again={again}>
          {({ notices }) => <Choice roomId={roomId} told={notices[roomId] ?? 'all'} again={again} />}
        </Loading>
      )}
    </section>
  )
}

function Choice({ roomId, told, again }: { roomId: string; told: Told; again: () => void }) {
  const [happened, setHappened] = useState('')
  // What was chosen last shows until the twin tells that it is so, or refuses.
  const [wanted, setWanted] = useState<Told>()
  const shown = wanted ?? told
  useEffect(() => setWanted((last) => (last === told ? undefined : last)), [told])

  async function choose(to: Told): Promise<void> {
    setHappened('')
    setWanted(to)
    try {
      await changeWishes(({ notices }) => {
        const { [roomId]: _, ...others } = notices
        return { notices: to === 'all' ? others : { ...others, [roomId]: to } }
      })
      setHappened(t('settings.saved'))
      again()
    } catch (error) {
      setWanted((last) => (last === to ? undefined : last))
      setHappened(sentence(error))
    }
  }

  return (
    <>
      <Field label={t('told.label')} hint={t('told.text')}>
        {(ids) => (
          <select {...ids} value={shown} onChange={({ currentTarget }) => void choose(currentTarget.value as Told)}>
            {TOLD.map((each) => (
              <option key={each} value={each} selected={each === shown}>
                {t(`told.${each}`)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <p class="small" aria-live="polite">
        {happened}
      </p>
    </>
  )
}
