/** What a client hands over behind the `#` of the widget's address. Pure. */

export interface Given {
  token: string
  /** As the client calls it; empty where it does not say. */
  theme: string
  language: string
  /** Who looks, as the client says: it decides what is offered, and nothing that is allowed. */
  user: string
  room: string
}

export function given(hash: string): Given {
  const values = new URLSearchParams(hash.replace(/^#/, ''))
  // A client that does not know a variable leaves it as it stands.
  const read = (name: string): string => {
    const value = values.get(name) ?? ''
    return value.startsWith('$') ? '' : value
  }
  return { token: read('token'), theme: read('theme'), language: read('language'), user: read('user'), room: read('room') }
}

/** Returns the theme that a client's name for one means: it may be `light-high-contrast`, or one of somebody's own. */
export function themeOf(name: string): 'light' | 'dark' | undefined {
  const words = name.toLowerCase().split('-')
  if (words.includes('dark') || words.includes('black')) return 'dark'
  return words.includes('light') ? 'light' : undefined
}
