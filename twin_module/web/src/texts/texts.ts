/** The page's texts in the person's language (ICU MessageFormat), and their dates and numbers. */

import { signal } from '@preact/signals'
import { IntlMessageFormat } from 'intl-messageformat'
import { en } from './en'

export type Key = keyof typeof en
export type Texts = Record<Key, string>
export type Values = Record<string, string | number | Date>

export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const
export type Language = keyof typeof LANGUAGES

const CHOICE = 'twin-language'
const texts = signal<{ language: Language; locale: string; of: Texts }>({ language: 'en', locale: locale('en'), of: en })
const formats = new Map<string, IntlMessageFormat>()

/** Loads the language that the person chose here, or the browser's. */
export async function startTexts(): Promise<void> {
  try {
    await speak(chosen() ?? wanted())
  } catch {
    // Its file did not come: a page in English is better than none.
    await speak('en')
  }
}

/** Changes the language, and remembers it at this browser. */
export async function choose(language: Language | undefined): Promise<void> {
  if (language === undefined) localStorage.removeItem(CHOICE)
  else localStorage.setItem(CHOICE, language)
  await speak(language ?? wanted())
}

export function chosen(): Language | undefined {
  const said = localStorage.getItem(CHOICE)
  return said !== null && said in LANGUAGES ? (said as Language) : undefined
}

/** Changes the language, and remembers nothing. */
export async function speak(language: Language): Promise<void> {
  const of = language === 'de' ? (await import('./de')).de : en
  formats.clear()
  texts.value = { language, locale: locale(language), of }
  document.documentElement.lang = language
}

function wanted(): Language {
  for (const each of navigator.languages ?? []) {
    const short = each.slice(0, 2)
    if (short in LANGUAGES) return short as Language
  }
  return 'en'
}

/** The browser's locale of a language: en-GB writes other dates than en-US. */
function locale(language: Language): string {
  if (typeof navigator === 'undefined') return language
  return navigator.languages?.find((each) => each.startsWith(language)) ?? language
}

/** Returns a text, with its values filled in. */
export function t(key: Key, values?: Values): string {
  const { of, locale } = texts.value
  if (values === undefined) return of[key]
  let format = formats.get(key)
  if (format === undefined) {
    format = new IntlMessageFormat(of[key], locale, undefined, { ignoreTag: true })
    formats.set(key, format)
  }
  return String(format.format(values))
}

export const currentLocale = (): string => texts.value.locale
export const currentLanguage = (): Language => texts.value.language

export function number(value: number): string {
  return new Intl.NumberFormat(currentLocale()).format(value)
}
