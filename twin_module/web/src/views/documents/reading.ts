/** A long text as it is read: in pieces, and with tasks that can be ticked. Pure. */

const FENCE = /^ {0,3}(`{3,}|~{3,})/
const LINE = /\r\n|\r|\n/g

export interface Piece {
  text: string
  /** The number of its first line in the whole text, from 0. */
  line: number
}

/**
 * Cuts a text into pieces of about a size: between paragraphs where there are some, never inside of a block of code
 * that is not itself longer than a piece.
 */
export function pieces(text: string, size: number): Piece[] {
  if (text.length <= size) return [{ text, line: 0 }]
  const found: Piece[] = []
  let [start, startLine, at, line] = [0, 0, 0, 0]
  let fence: string | undefined
  /** The last place where a piece may end, and the number of the line that begins there. */
  let good: [number, number] | undefined
  const cut = ([end, next]: [number, number]): void => {
    found.push({ text: text.slice(start, end), line: startLine })
    ;[start, startLine, good] = [end, next, undefined]
  }
  for (const [content, end] of linesOf(text)) {
    if (end - start > size && at > start) cut(good ?? [at, line])
    // A line that is longer than a piece is cut where it has to be.
    while (end - start > size && content.length > size) cut([start + size, line])
    const mark = FENCE.exec(content)?.[1]
    if (fence === undefined) fence = mark
    else if (mark?.startsWith(fence) && content.trim() === mark) fence = undefined
    ;[at, line] = [end, line + 1]
    if (fence === undefined && content.trim() === '') good = [at, line]
  }
  if (start < text.length) found.push({ text: text.slice(start), line: startLine })
  return found
}

/** Yields each line without its end, and where the next one begins. */
function* linesOf(text: string): Iterable<[string, number]> {
  let start = 0
  for (const { 0: end, index } of text.matchAll(LINE)) {
    yield [text.slice(start, index), index + end.length]
    start = index + end.length
  }
  yield [text.slice(start), text.length]
}

/** Returns which letter to write where to tick the task in a line, or to untick it; undefined where there is none. */
export function tick(text: string, number: number): { at: number; insert: string } | undefined {
  let [line, start] = [0, 0]
  for (const [content, end] of linesOf(text)) {
    if (line === number) {
      const task = /^[\s>]*(?:(?:[-*+]|\d{1,9}[.)])\s+)+\[([ xX])\]\s/.exec(content)
      if (task === null) return undefined
      const at = start + task[0].lastIndexOf('[') + 1
      return { at, insert: task[1] === ' ' ? 'x' : ' ' }
    }
    ;[line, start] = [line + 1, end]
  }
  return undefined
}
