/** Finding and marking words in names, as the twin does it in texts: without case and accents. Pure. */

export interface Part {
  text: string
  match: boolean
}

const WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu

export function fold(word: string): string {
  return word.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
}

/** Returns the words of a question. */
export function asked(question: string): string[] {
  return [...new Set((question.match(WORD) ?? []).map(fold))].filter((word) => word !== '')
}

/** Returns a text in parts; those that begin with a word that was asked for are matches, as far as that goes. */
export function marked(text: string, words: readonly string[]): Part[] {
  const found: Part[] = []
  let at = 0
  for (const { 0: word, index } of text.matchAll(WORD)) {
    if (!words.some((each) => fold(word).startsWith(each))) continue
    if (index > at) found.push({ text: text.slice(at, index), match: false })
    found.push({ text: word, match: true })
    at = index + word.length
  }
  if (at < text.length) found.push({ text: text.slice(at), match: false })
  return found
}

/** Tells whether some names together have all words that were asked for. */
export function fits(names: readonly string[], words: readonly string[]): boolean {
  const there = names.flatMap((name) => name.match(WORD) ?? []).map(fold)
  return words.length > 0 && words.every((word) => there.some((each) => each.startsWith(word)))
}
