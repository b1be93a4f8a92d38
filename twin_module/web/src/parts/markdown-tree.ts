/**
 * Markdown (CommonMark with GitHub's tables, task lists and crossed-out text) as a tree of what may be shown.
 *
 * All that others could do harm with is decided here: no HTML, links only to what `safeAddress` lets pass,
 * pictures never loaded, nothing nested beyond reason.
 */

import MarkdownIt from 'markdown-it'
import { hostOf, safeAddress, trueTarget, unturned } from './addresses'

export type Tag =
  | 'p' | 'h1' | 'h2' | 'h3' | 'h4' | 'h5' | 'h6' | 'ul' | 'ol' | 'li' | 'blockquote' | 'hr' | 'br'
  | 'em' | 'strong' | 's' | 'table' | 'thead' | 'tbody' | 'tr' | 'th' | 'td'

export type Node =
  | { kind: 'text'; text: string }
  | { kind: 'tag'; tag: Tag; children: Node[]; start?: number; align?: 'center' | 'end' }
  | { kind: 'code'; text: string; block: boolean }
  | { kind: 'link'; address: string; target: string | undefined; children: Node[] }
  | { kind: 'picture'; alt: string; address: string | undefined; host: string }
  /** A task: whether it is done, and the number of its line, from 0. */
  | { kind: 'task'; done: boolean; line: number; children: Node[] }

type Parent = Extract<Node, { children: Node[] }>

/** Deeper than that, what is inside is shown as if it stood here: browsers and we fail at some depth. */
const DEEPEST = 40
const TASK = /^\[([ xX])\][ \u00a0]/

const TAGS: Readonly<Record<string, Tag>> = {
  paragraph_open: 'p',
  bullet_list_open: 'ul',
  ordered_list_open: 'ol',
  list_item_open: 'li',
  blockquote_open: 'blockquote',
  em_open: 'em',
  strong_open: 'strong',
  s_open: 's',
  table_open: 'table',
  thead_open: 'thead',
  tbody_open: 'tbody',
  tr_open: 'tr',
  th_open: 'th',
  td_open: 'td',
}

const parser = new MarkdownIt('default', { html: false, linkify: true, typographer: false, breaks: false })
// An address has to begin with its scheme: "notes.md" is no host of Moldova.
parser.linkify.set({ fuzzyLink: false, fuzzyEmail: false })
// What is no address for us stays visible as words; `safeAddress` decides alone.
parser.validateLink = () => true

type Token = ReturnType<typeof parser.parse>[number]

/** Returns the tree of a text. */
export function markdown(text: string): Node[] {
  const root: Parent = { kind: 'tag', tag: 'p', children: [] }
  new Builder(root).take(parser.parse(text, {}))
  return root.children
}

/** Returns the words of nodes, without what they look like. */
export function wordsOf(nodes: readonly Node[]): string {
  let words = ''
  const open = [...nodes].reverse()
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.kind === 'text' || node.kind === 'code') words += node.text
    else if (node.kind === 'picture') words += node.alt
    else for (let place = node.children.length - 1; place >= 0; place -= 1) open.push(node.children[place]!)
  }
  return words
}

/** Puts tokens, of which some open and some close, into a tree. */
class Builder {
  /** Where children go; more than once in a row where something is not shown, or lies too deep. */
  readonly #open: Parent[]
  #line = 0

  constructor(root: Parent) {
    this.#open = [root]
  }

  take(tokens: readonly Token[]): void {
    for (const token of tokens) {
      if (token.map) this.#line = token.map[0]
      if (token.type === 'inline') this.#inline(token)
      else if (token.nesting === 1) this.#enter(this.#opened(token))
      else if (token.nesting === -1) this.#leave()
      else this.#leaf(token)
    }
  }

  get #here(): Parent {
    return this.#open[this.#open.length - 1]!
  }

  #enter(node: Parent | undefined): void {
    const here = this.#here
    if (node === undefined || this.#open.length > DEEPEST) {
      this.#open.push(here)
      return
    }
    here.children.push(node)
    this.#open.push(node)
  }

  #leave(): void {
    const left = this.#open.pop()
    if (left?.kind === 'link') {
      left.target = trueTarget(wordsOf(left.children), left.address)
      if (left.target !== undefined) left.children = left.children.map(turnedBack)
    }
  }

  #opened(token: Token): Parent | undefined {
    if (token.type === 'heading_open') return { kind: 'tag', tag: token.tag as Tag, children: [] }
    if (token.type === 'link_open') return linkOf(String(token.attrGet('href') ?? ''))
    if (token.type === 'paragraph_open' && token.hidden) return undefined
    const tag = TAGS[token.type]
    if (tag === undefined) return undefined
    const node: Parent = { kind: 'tag', tag, children: [] }
    const start = Number(token.attrGet('start') ?? 1)
    if (tag === 'ol' && start !== 1) node.start = start
    const align = /(center|right)/.exec(String(token.attrGet('style') ?? ''))?.[1]
    if (align !== undefined) node.align = align === 'center' ? 'center' : 'end'
    return node
  }

  #inline(token: Token): void {
    const children = token.children ?? []
    const first = children[0]
    const task = this.#isItem() && first?.type === 'text' ? TASK.exec(first.content) : null
    if (task === null || first === undefined) {
      this.take(children)
      return
    }
    const words: Parent = { kind: 'task', done: task[1] !== ' ', line: this.#line, children: [] }
    this.#enter(words)
    first.content = first.content.slice(task[0].length)
    this.take(children)
    this.#leave()
  }

  /** Whether what comes next is the first of an item of a list. */
  #isItem(): boolean {
    const item = [...this.#open].reverse().find((each) => each.kind !== 'tag' || each.tag !== 'p')
    if (item?.kind !== 'tag' || item.tag !== 'li') return false
    const [first, ...others] = item.children
    return others.length === 0 && (first === undefined || (first.kind === 'tag' && first.tag === 'p'))
  }

  #leaf(token: Token): void {
    const { children } = this.#here
    if (token.type === 'text' || token.type === 'html_inline' || token.type === 'html_block') {
      if (token.content !== '') children.push({ kind: 'text', text: token.content })
    } else if (token.type === 'softbreak') children.push({ kind: 'text', text: '\n' })
    else if (token.type === 'hardbreak') children.push({ kind: 'tag', tag: 'br', children: [] })
    else if (token.type === 'hr') children.push({ kind: 'tag', tag: 'hr', children: [] })
    else if (token.type === 'code_inline') children.push({ kind: 'code', text: token.content, block: false })
    else if (token.type === 'fence' || token.type === 'code_block') {
      children.push({ kind: 'code', text: token.content, block: true })
    } else if (token.type === 'image') children.push(pictureOf(token))
    else if (token.content !== '') children.push({ kind: 'text', text: token.content })
  }
}

function linkOf(href: string): Parent | undefined {
  const address = safeAddress(href)
  return address === undefined ? undefined : { kind: 'link', address, target: undefined, children: [] }
}

function pictureOf(token: Token): Node {
  const address = safeAddress(String(token.attrGet('src') ?? ''))
  return { kind: 'picture', alt: unturned(token.content), address, host: address === undefined ? '' : hostOf(address) }
}

function turnedBack(node: Node): Node {
  return node.kind === 'text' ? { kind: 'text', text: unturned(node.text) } : node
}
