import { describe, expect, it, vi } from 'vitest'
import { answerTo } from './client'
import { sorted } from './collection'
import { given, themeOf } from './given'
import type { ShownObject } from './read'

const object = (uid: string, content: ShownObject['content'], capability = 'tasks'): ShownObject => ({
  capability,
  uid,
  etag: `$${uid}`,
  sender: '@alice:example.org',
  updated: 0,
  title: uid,
  content,
})

describe('what a client hands over', () => {
  it('is read from behind the #, decoded', () => {
    expect(given('#token=a.b&theme=dark&language=de-AT&user=%40alice%3Aexample.org&room=!r')).toEqual({
      token: 'a.b',
      theme: 'dark',
      language: 'de-AT',
      user: '@alice:example.org',
      room: '!r',
    })
  })

  it('is empty where a client does not know a variable', () => {
    expect(given('#token=a.b&theme=$org.matrix.msc2873.client_theme&user=$matrix_user_id')).toMatchObject({
      token: 'a.b',
      theme: '',
      user: '',
    })
  })

  it.each([
    ['light', 'light'],
    ['light-high-contrast', 'light'],
    ['legacy-dark', 'dark'],
    ['custom-my-darkness', undefined],
    ['', undefined],
  ])('means by the theme %s %s', (name, theme) => expect(themeOf(name)).toBe(theme))
})

describe('what a widget answers to its client', () => {
  const heard = { theme: vi.fn(), language: vi.fn() }

  it('wants to do nothing there', () => {
    expect(answerTo('capabilities', {}, heard)).toEqual({ capabilities: [] })
    expect(answerTo('supported_api_versions', {}, heard)).toEqual({ supported_versions: ['0.0.1', '0.0.2'] })
  })

  it('hears of another theme and language', () => {
    expect(answerTo('theme_change', { name: 'dark' }, heard)).toEqual({})
    expect(answerTo('language_change', { lang: 'de' }, heard)).toEqual({})
    expect(heard.theme).toHaveBeenCalledWith('dark')
    expect(heard.language).toHaveBeenCalledWith('de')
  })

  it('refuses what it does not know, and takes no theme that is none', () => {
    expect(answerTo('send_event', {}, heard)).toHaveProperty('error')
    heard.theme.mockClear()
    answerTo('theme_change', { name: 7 }, heard)
    expect(heard.theme).not.toHaveBeenCalled()
  })
})

describe('a collection in a widget', () => {
  it('has what is due first, and what is done apart', () => {
    const { open, done } = sorted([
      object('new', {}),
      object('later', { due: '2030-01-02T00:00:00', showWithoutTime: true }),
      object('soon', { due: '2030-01-01T00:00:00', showWithoutTime: true }),
      object('done', { progress: 'completed' }),
      object('off', { progress: 'cancelled' }),
    ])
    expect(open.map(({ key }) => key)).toEqual(['soon', 'later', 'new'])
    expect(done.map(({ key }) => key)).toEqual(['done', 'off'])
  })

  it('says who has to do something, and leaves out what others wrote in a wrong shape', () => {
    const participants = { '@bob:example.org': { roles: { attendee: true } }, x: null, '@eve:e': { roles: [] } }
    const { open, others } = sorted([object('a', { participants }), object('b', {}, 'docs')])
    expect(open[0]?.people).toEqual(['bob'])
    expect([...others.keys()]).toEqual(['docs'])
  })
})
