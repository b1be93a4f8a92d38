/** Names that others chose, as text without what can't be seen. Pure. */

// Controls, and marks that turn the direction of what follows: a name could pass for another one by them.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g

/** Returns a name without what can't be seen. */
export function clean(name: string): string {
  return name.replace(UNSEEN, ' ').replace(/\s+/g, ' ').trim()
}
