import { EditorSelection, EditorState } from '@codemirror/state'
import { expect, test } from 'vitest'
import { formatted, type Format } from './format'

/** Applies a format to a text in which `|` marks the ends of what is chosen, or one the cursor; returns the same. */
function after(marked: string, format: Format): string {
  const [first, last] = [marked.indexOf('|'), marked.lastIndexOf('|')]
  const doc = marked.replaceAll('|', '')
  const selection = first === last ? EditorSelection.cursor(first) : EditorSelection.range(first, last - 1)
  const state = EditorState.create({ doc, selection })
  const { state: now } = state.update(formatted(state, format))
  const { from, to } = now.selection.main
  const text = now.doc.toString()
  return from === to ? `${text.slice(0, from)}|${text.slice(from)}` : `${text.slice(0, from)}|${text.slice(from, to)}|${text.slice(to)}`
}

test('what is chosen becomes bold, and is bold no more the second time', () => {
  expect(after('a |word| b', 'bold')).toBe('a **|word|** b')
  expect(after('a **|word|** b', 'bold')).toBe('a |word| b')
  expect(after('a |**word**| b', 'bold')).toBe('a |word| b')
})

test('no mark stands beside a blank, and without a choice the word is meant', () => {
  expect(after('a| word |b', 'italic')).toBe('a _|word|_ b')
  expect(after('a wo|rd b', 'italic')).toBe('a _|word|_ b')
  expect(after('a | b', 'bold')).toBe('a **|** b')
})

test('a heading gets smaller with each time, and then is none', () => {
  expect(after('|Title', 'heading')).toBe('# |Title')
  expect(after('# Ti|tle', 'heading')).toBe('## Ti|tle')
  expect(after('### Ti|tle', 'heading')).toBe('Ti|tle')
})

test('lines become a list of one kind, of another kind, and none', () => {
  expect(after('|one\n\n  two|', 'list')).toBe('- |one\n\n  - two|')
  expect(after('- o|ne', 'checklist')).toBe('- [ ] o|ne')
  expect(after('- [x] o|ne', 'checklist')).toBe('o|ne')
  expect(after('- [x] o|ne', 'list')).toBe('- o|ne')
  expect(after('|one\ntwo|', 'numbers')).toBe('1. |one\n2. two|')
  expect(after('|', 'list')).toBe('- |')
})

test('a quote goes around what a line has already', () => {
  expect(after('|- one\ntwo|', 'quote')).toBe('> |- one\n> two|')
  expect(after('|> - one\n>two|', 'quote')).toBe('|- one\ntwo|')
})

test('code is a word on one line and a block on several', () => {
  expect(after('a |b| c', 'code')).toBe('a `|b|` c')
  expect(after('|a\nb|', 'code')).toBe('```\n|a\nb|\n```')
  expect(after('|```\na\nb\n```|', 'code')).toBe('|a\nb|')
})

test('a link asks for what it lacks', () => {
  expect(after('see |this|', 'link')).toBe('see [this](https://|)')
  expect(after('see |https://example.org/|', 'link')).toBe('see [|](https://example.org/)')
  expect(after('see |', 'link')).toBe('see [|](https://)')
})
