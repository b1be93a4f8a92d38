/** Markdown as it is read. It loads nothing from anywhere: a picture is a link to it. */

import type { ComponentChildren, VNode } from 'preact'
import { useMemo } from 'preact/hooks'
import { Fragment } from 'preact/jsx-runtime'
import { Image, Square, SquareCheck } from 'lucide-preact'
import { t } from '../texts/texts'
import { Icon } from './icons'
import { markdown, wordsOf, type Node } from './markdown-tree'
import './markdown.css'

interface MarkdownProps {
  text: string
  /** The level of a heading with one `#`; the view's own heading is the first. */
  level?: number
  /** What happens when a task is ticked, by the number of its line from 0; without it, tasks only show. */
  onTick?: ((line: number) => void) | undefined
}

export function Markdown({ text, level = 2, onTick }: MarkdownProps) {
  const nodes = useMemo(() => markdown(text), [text])
  return <div class="markdown">{shown(nodes, { level, onTick })}</div>
}

interface How {
  level: number
  onTick: ((line: number) => void) | undefined
}

function shown(nodes: readonly Node[], how: How): ComponentChildren {
  return nodes.map((node, place) => <Fragment key={place}>{one(node, how)}</Fragment>)
}

function one(node: Node, how: How): ComponentChildren {
  switch (node.kind) {
    case 'text':
      return node.text
    case 'code':
      return node.block ? (
        <pre tabIndex={0} dir="ltr">
          <code>{node.text}</code>
        </pre>
      ) : (
        <code>{node.text}</code>
      )
    case 'link':
      return (
        <>
          <a href={node.address} target="_blank" rel="noopener noreferrer nofollow">
            {shown(node.children, how)}
          </a>
          {node.target !== undefined && (
            <span class="target">
              {' '}
              {t('documents.leads-to')} <bdi>{node.target}</bdi>
            </span>
          )}
        </>
      )
    case 'picture':
      return <Picture {...node} />
    case 'task':
      return <Task node={node} how={how} />
    case 'tag':
      return tag(node, how)
  }
}

function tag(node: Extract<Node, { kind: 'tag' }>, how: How): VNode {
  const children = shown(node.children, how)
  switch (node.tag) {
    case 'h1':
    case 'h2':
    case 'h3':
    case 'h4':
    case 'h5':
    case 'h6': {
      const Level = `h${Math.min(6, Number(node.tag[1]) + how.level - 1)}` as 'h2'
      return <Level dir="auto">{children}</Level>
    }
    case 'p':
      return <p dir="auto">{children}</p>
    case 'blockquote':
      return <blockquote dir="auto">{children}</blockquote>
    case 'ol':
      return <ol {...(node.start === undefined ? {} : { start: node.start })}>{children}</ol>
    case 'li':
      return (
        <li dir="auto" class={hasTask(node) ? 'task' : undefined}>
          {children}
        </li>
      )
    case 'table':
      return (
        <div class="wide" tabIndex={0}>
          <table>{children}</table>
        </div>
      )
    case 'th':
    case 'td': {
      const Cell = node.tag
      return (
        <Cell dir="auto" class={node.align}>
          {children}
        </Cell>
      )
    }
    default: {
      const Plain = node.tag as 'em'
      return node.children.length === 0 ? <Plain /> : <Plain>{children}</Plain>
    }
  }
}

function hasTask(item: Extract<Node, { kind: 'tag' }>): boolean {
  const first = item.children[0]
  return first?.kind === 'task' || (first?.kind === 'tag' && first.children[0]?.kind === 'task')
}

function Task({ node, how }: { node: Extract<Node, { kind: 'task' }>; how: How }) {
  const { onTick } = how
  if (onTick !== undefined) {
    return (
      <>
        <input
          type="checkbox"
          checked={node.done}
          aria-label={wordsOf(node.children).slice(0, 200).trim() || t('documents.task')}
          onClick={(event) => {
            // It shows what the text says, which may take another change meanwhile.
            event.preventDefault()
            onTick(node.line)
          }}
        />
        <span class="words">{shown(node.children, how)}</span>
      </>
    )
  }
  return (
    <>
      <span class="tick" role="img" aria-label={t(node.done ? 'documents.task-done' : 'documents.task-open')}>
        <Icon of={node.done ? SquareCheck : Square} />
      </span>
      <span class="words">{shown(node.children, how)}</span>
    </>
  )
}

function Picture({ alt, address, host }: Extract<Node, { kind: 'picture' }>) {
  const inside = (
    <>
      <Icon of={Image} />
      <span class="clip">
        <bdi>{alt.trim() || t('documents.picture')}</bdi>
      </span>
      {host !== '' && <bdi class="soft clip">{host}</bdi>}
    </>
  )
  if (address === undefined) return <span class="chip">{inside}</span>
  return (
    <a class="chip" href={address} target="_blank" rel="noopener noreferrer nofollow">
      {inside}
    </a>
  )
}
