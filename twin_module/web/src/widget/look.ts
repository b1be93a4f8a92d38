/** Light or dark, and the language, as the client around the widget has it; else as the browser has it. */

import { LANGUAGES, speak, type Language } from '../texts/texts'
import { themeOf } from './given'

export function wearAs(name: string): void {
  const theme = themeOf(name)
  if (theme === undefined) delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
}

export async function speakAs(wanted: string): Promise<void> {
  const known = [wanted, ...(navigator.languages ?? [])].map((each) => each.slice(0, 2).toLowerCase())
  const language = known.find((each): each is Language => each in LANGUAGES) ?? 'en'
  try {
    await speak(language)
  } catch {
    // Its file did not come: a widget in English is better than none.
    await speak('en')
  }
}
