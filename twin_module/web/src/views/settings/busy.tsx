/** Whose twins may ask when the owner is busy: people and circles. */

import { Loading } from '../../parts/loading'
import { roomName, Text } from '../../parts/names'
import { useSome } from '../../parts/some'
import { t } from '../../texts/texts'
import { twin } from '../../twin/twin'
import { ChosenPeople } from './chosen-people'
import { Part } from './part'
import { Switch } from './switch'
import { changeWishes, type Wishes, type WishesProps } from './wishes'

const FEW = 20

export function Busy({ loaded, again }: WishesProps) {
  return (
    <Part of="busy">
      <p>{t('settings.busy.text')}</p>
      <p class="note">{t('settings.busy.only-times')}</p>
      <Loading of={loaded} again={again}>
        {(wishes) => (
          <>
            <Circles wishes={wishes} again={again} />
            <ChosenPeople
              of="busy"
              ids={wishes.free_busy_to}
              onChange={async (to) => {
                await changeWishes(({ free_busy_to }) => ({ free_busy_to: to(free_busy_to) }))
                again()
              }}
            />
          </>
        )}
      </Loading>
    </Part>
  )
}

function Circles({ wishes, again }: { wishes: Wishes; again: () => void }) {
  const chosen = new Set(wishes.free_busy_to_circles)
  const [some, more] = useSome(twin.circles.value, FEW)

  async function change(circle: string, may: boolean): Promise<void> {
    await changeWishes(({ free_busy_to_circles: now }) => ({
      free_busy_to_circles: may ? [...new Set([...now, circle])] : now.filter((each) => each !== circle),
    }))
    again()
  }

  return (
    <fieldset class="stack tight">
      <legend>
        <h3>{t('settings.busy.circles')}</h3>
      </legend>
      {some.length === 0 && <p class="soft">{t('settings.busy.no-circles')}</p>}
      {some.map(({ room_id }) => (
        <Switch
          key={room_id}
          on={chosen.has(room_id)}
          label={<Text of={roomName(room_id)} />}
          onSwitch={(may) => change(room_id, may)}
        />
      ))}
      {more}
    </fieldset>
  )
}
