/** Files that the page gives to the person. */

/** Has the browser save something as a file. */
export function offer(blob: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

/** Returns a name that every system takes for a file: a word of ours, then what is left of a title. */
export function fileName(word: string, title: string, ending: string): string {
  const plain = title
    .normalize('NFKC')
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60)
  return `${word}-${plain || 'object'}.${ending}`
}
