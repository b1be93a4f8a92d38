/** Light or dark, and the language; both of this browser alone. */

import { useState } from 'preact/hooks'
import { say } from '../../parts/frame'
import { choose, chosen, LANGUAGES, t, type Language } from '../../texts/texts'
import { chooseTheme, chosenTheme, type Theme } from '../../theme'
import { Part } from './part'

export function Look() {
  const [theme, setTheme] = useState(chosenTheme())
  const [language, setLanguage] = useState(chosen())

  function wear(wanted: Theme | undefined): void {
    chooseTheme(wanted)
    setTheme(wanted)
  }

  function speak(wanted: Language | undefined): void {
    setLanguage(wanted)
    choose(wanted).catch(() => say(t('error.not-fetched'), { bad: true }))
  }

  return (
    <Part of="look">
      <p class="soft small">{t('settings.look.here')}</p>
      <fieldset class="choice">
        <legend class="label">{t('settings.theme')}</legend>
        {([undefined, 'light', 'dark'] as const).map((each) => (
          <label key={each ?? 'system'}>
            <input type="radio" name="theme" checked={theme === each} onChange={() => wear(each)} />
            {t(`settings.theme.${each ?? 'system'}`)}
          </label>
        ))}
      </fieldset>
      <fieldset class="choice">
        <legend class="label">{t('settings.language')}</legend>
        <label>
          <input type="radio" name="language" checked={language === undefined} onChange={() => speak(undefined)} />
          {t('settings.language.browser')}
        </label>
        {(Object.keys(LANGUAGES) as Language[]).map((each) => (
          <label key={each} lang={each}>
            <input type="radio" name="language" checked={language === each} onChange={() => speak(each)} />
            {LANGUAGES[each]}
          </label>
        ))}
      </fieldset>
    </Part>
  )
}
