import { describe, expect, test } from 'vitest'
import { localDateTime } from '../../dates'
import { patched } from '../../twin/outbox'
import type { Content, TwinObject } from '../../twin/types'
import { assigned, dueFields, newTask, progressed, undone } from './changes'
import { ALL, filtered, filterFrom, queryOf } from './filter'
import { columnOf, columns, groupAt, grouped } from './order'
import { taskOf, type Task } from './task'
import { above, below, lines } from './tree'

const NOW = new Date(2026, 10, 18, 12, 0, 0)
const HOUR = 3_600_000

function object(uid: string, content: Content = {}, more: Partial<TwinObject> = {}): TwinObject {
  return {
    room_id: '!list',
    capability: 'tasks',
    uid,
    type: 'task',
    etag: '$1',
    sender: '@alice:a',
    updated: 0,
    title: String(content.title ?? uid),
    content: { '@type': 'Task', title: uid, ...content },
    ...more,
  }
}

const task = (uid: string, content: Content = {}, more: Partial<TwinObject> = {}): Task =>
  taskOf(object(uid, content, more))
const part = (uid: string, ...parents: string[]): Task =>
  task(uid, { relatedTo: Object.fromEntries(parents.map((each) => [each, { relation: { parent: true } }])) })
const due = (hours: number): Content => ({ due: localDateTime(new Date(NOW.getTime() + hours * HOUR)) })
const uids = (tasks: Iterable<Task> | undefined): string[] => [...(tasks ?? [])].map((each) => each.object.uid)

describe('reading a task', () => {
  test('a time in another zone is the same instant here', () => {
    const read = task('a', { due: '2026-12-24T18:00:00', timeZone: 'Asia/Tokyo' })
    expect(read.due?.at).toBe(Date.UTC(2026, 11, 24, 9))
  })

  test('a day without a time is that day wherever one is, and ends with it', () => {
    const read = task('a', { due: '2026-12-24T00:00:00', timeZone: 'Asia/Tokyo', showWithoutTime: true })
    expect(read.due).toEqual({ at: new Date(2026, 11, 24, 23, 59, 59).getTime(), dayOnly: true, zone: undefined })
  })

  test.each(['2026-02-30T10:00:00', '0026-02-03T10:00:00', 'soon'])('%s is no date', (written) => {
    expect(task('a', { due: written }).due).toBeUndefined()
  })

  test('a zone that nobody knows makes no date', () => {
    expect(task('a', { due: '2026-02-03T10:00:00', timeZone: 'Moon/Crater' }).due).toBeUndefined()
  })

  test('what does not fit is not there, and nothing breaks', () => {
    const read = task('a', {
      progress: 'perhaps',
      keywords: 'x',
      participants: { '@b:b': 1 },
      relatedTo: [1],
      priority: 'x',
    })
    expect(read).toMatchObject({
      progress: 'needs-action',
      open: true,
      keywords: [],
      people: [],
      parents: [],
      rank: 10,
    })
  })
})

describe('parts of tasks', () => {
  const shown = (tasks: Task[]): string[] => {
    const up = above(tasks)
    const down = below(tasks, up)
    return tasks
      .filter((each) => !up.has(each))
      .flatMap((root) => lines(root, down).map((line) => `${'-'.repeat(line.depth)}${line.task.object.uid}`))
  }

  test('each stands under what it is a part of', () => {
    expect(shown([task('a'), part('b', 'a'), part('c', 'b'), part('d', 'a')])).toEqual(['a', '-b', '--c', '-d'])
  })

  test('one whose parent is missing stands for itself', () => {
    expect(shown([part('b', 'gone')])).toEqual(['b'])
  })

  test('the first parent that is there counts', () => {
    expect(shown([task('x'), part('b', 'gone', 'x')])).toEqual(['x', '-b'])
  })

  test('tasks that go round in a circle all come up once, cut at the same place in any order', () => {
    const circle = [part('a', 'c'), part('b', 'a'), part('c', 'b'), part('d', 'c')]
    expect(shown(circle)).toEqual(['a', '-b', '--c', '---d'])
    expect(shown([...circle].reverse())).toEqual(['a', '-b', '--c', '---d'])
  })

  test('a task that is a part of itself stands for itself', () => {
    expect(shown([part('a', 'a')])).toEqual(['a'])
  })

  test('a chain of thousands does no harm', () => {
    const chain = Array.from({ length: 5000 }, (_, at) => part(`t${at}`, `t${at - 1}`))
    expect(shown(chain)).toHaveLength(5000)
  })

  test('what is folded shows nothing under it, and still how much that is', () => {
    const tasks = [task('a'), part('b', 'a')]
    const down = below(tasks, above(tasks))
    expect(lines(tasks[0]!, down, new Set([tasks[0]!.key]))).toEqual([{ task: tasks[0], depth: 0, parts: 1 }])
  })
})

describe('headings', () => {
  test.each([
    [undefined, 'someday'],
    [-1, 'overdue'],
    [2, 'today'],
    [24, 'soon'],
    [24 * 6, 'soon'],
    [24 * 7, 'later'],
  ])('what is due in %s hours belongs under %s', (hours, group) => {
    expect(groupAt(hours === undefined ? undefined : NOW.getTime() + hours * HOUR, NOW)).toBe(group)
  })

  const groups = (tasks: Task[]): Record<string, string[]> =>
    Object.fromEntries([...grouped(tasks, above(tasks), NOW).groups].map(([group, roots]) => [group, uids(roots)]))

  test('open ones are in order of time, priority and name; done ones the newest first', () => {
    const done = (when: string): Content => ({ progress: 'completed', progressUpdated: when })
    expect(
      groups([
        task('b'),
        task('a'),
        task('urgent', { priority: 1 }),
        task('noon', due(1)),
        task('evening', due(5)),
        task('old', done('2026-01-01T00:00:00Z')),
        task('new', done('2026-02-01T00:00:00Z')),
      ]),
    ).toEqual({ today: ['noon', 'evening'], someday: ['urgent', 'a', 'b'], done: ['new', 'old'] })
  })

  test('a task stands where the first of its open parts is due', () => {
    const late = task('late', { ...due(-1), relatedTo: { whole: { relation: { parent: true } } } })
    expect(groups([task('whole'), late])).toEqual({ overdue: ['whole'] })
  })

  test('a task that is ticked off hides no part that is open', () => {
    expect(groups([task('whole', { progress: 'completed' }), part('part', 'whole')])).toEqual({ someday: ['whole'] })
  })

  test('a part whose whole is filtered away stands for itself', () => {
    const tasks = [task('whole'), part('part', 'whole')]
    expect(uids(grouped([tasks[1]!], above(tasks), NOW).groups.get('someday'))).toEqual(['part'])
  })

  test('what was given up stands in the last column', () => {
    expect(columnOf(task('a', { progress: 'cancelled' }))).toBe('completed')
    expect(uids(columns([task('a', { progress: 'failed' })]).get('completed'))).toEqual(['a'])
  })
})

describe('filters', () => {
  const bob = { '@bob:b': { roles: { attendee: true } } }
  const tasks = [
    task('bread', { keywords: { home: true }, participants: bob }),
    task('roof', { description: 'Call the ROOFER' }),
    task('done', { progress: 'completed' }),
  ]
  test.each([
    [{ text: 'roofer call' }, ['roof']],
    [{ who: '@bob:b' }, ['bread']],
    [{ who: 'nobody', state: 'open' as const }, ['roof']],
    [{ word: 'home' }, ['bread']],
    [{ state: 'done' as const }, ['done']],
    [{ room: '!other' }, []],
  ])('%j leaves %j', (filter, left) => {
    expect(uids(filtered(tasks, { ...ALL, ...filter }, '@alice:a'))).toEqual(left)
  })

  test('"me" is whoever looks', () => {
    expect(uids(filtered(tasks, { ...ALL, who: 'me' }, '@bob:b'))).toEqual(['bread'])
  })

  test('a filter comes back from the address, and what else stands there stays', () => {
    const filter = { ...ALL, text: 'a & b', state: 'open' as const }
    const query = queryOf(filter, 'other=1&who=x')
    expect(query).toBe('?other=1&q=a+%26+b&state=open')
    expect(filterFrom(query)).toEqual(filter)
    expect(queryOf(ALL, '')).toBe('')
  })
})

describe('changes', () => {
  test('what is done is done by 100 percent, until it is open again', () => {
    const done = progressed('completed', new Date('2026-11-18T12:00:00.500Z'))
    expect(done).toEqual({ progress: 'completed', progressUpdated: '2026-11-18T12:00:00Z', percentComplete: 100 })
    expect(progressed('needs-action', NOW).percentComplete).toBeNull()
    expect(progressed('in-process', NOW)).not.toHaveProperty('percentComplete')
  })

  test('taking a change back brings back what was, also what was not there', () => {
    const before = { title: 'a', percentComplete: 40 }
    const change = progressed('completed', NOW)
    expect(patched(patched(before, change), undone(before, change))).toEqual(before)
  })

  test('a task is given to somebody, and taken off them, and their other roles stay', () => {
    const given = patched({ title: 'a' }, assigned(task('a'), '@bob:b', true)) as Content
    expect(taskOf(object('b', given)).people).toEqual(['@bob:b'])
    expect(patched(given, assigned(task('a', given), '@bob:b', false))).toEqual({ title: 'a', participants: {} })
    const owner = { participants: { '@bob:b': { '@type': 'Participant', roles: { owner: true, attendee: true } } } }
    expect(patched(owner, assigned(task('a', owner), '@bob:b', false))).toEqual({
      participants: { '@bob:b': { '@type': 'Participant', roles: { owner: true } } },
    })
  })

  test('a day has no zone, a time has one, and no date has neither', () => {
    expect(dueFields('2026-12-24', '', 'Europe/Berlin')).toMatchObject({ due: '2026-12-24T23:59:59', timeZone: null })
    expect(dueFields('2026-12-24', '18:00', 'Europe/Berlin')).toMatchObject({
      due: '2026-12-24T18:00:00',
      timeZone: 'Europe/Berlin',
    })
    expect(dueFields('', '18:00', 'Europe/Berlin')).toEqual({ due: null, timeZone: null, showWithoutTime: null })
  })

  test('a new task may be a part of another one', () => {
    expect(taskOf(object('b', newTask('b', NOW, 'a'))).parents).toEqual([task('a').key])
    expect(newTask('b', NOW)).not.toHaveProperty('relatedTo')
  })
})

test('five thousand tasks in another time zone are in order within a blink', () => {
  const tasks = Array.from({ length: 5000 }, (_, at) =>
    object(`t${at}`, { title: `Task ${at % 977}`, due: `2026-${10 + (at % 3)}-10T10:00:00`, timeZone: 'Asia/Tokyo' }),
  )
  const start = performance.now()
  const read = tasks.map(taskOf)
  grouped(filtered(read, { ...ALL, text: 'task' }, '@alice:a'), above(read), NOW)
  columns(read)
  expect(performance.now() - start).toBeLessThan(1000)
})
