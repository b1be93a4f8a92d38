/**
 * Dragging a card to another column, by mouse, pen or finger.
 *
 * Built on pointer events, because the browser's own dragging knows no fingers. A mouse drags as soon as it moves;
 * a finger has to rest first, since one that moves at once scrolls.
 */

const MOUSE_PX = 6
const FINGER_PX = 10
const REST_MS = 350
/** So close to an edge, what is behind it scrolls in. */
const EDGE_PX = 48
const SCROLL_PX = 12

interface Drag {
  card: HTMLElement
  board: HTMLElement
  onDrop: (column: string) => void
}

/** Listens for a drag that may begin with this press. */
export function pressed(down: PointerEvent, drag: Drag): void {
  if (!down.isPrimary || down.button !== 0) return
  const finger = down.pointerType === 'touch'
  const over = new AbortController()
  const { signal } = over
  let held: Held | undefined
  const begin = (): void => {
    held = new Held(drag, down)
    if (finger) navigator.vibrate?.(10)
  }
  const rest = finger ? setTimeout(begin, REST_MS) : undefined
  const end = (): void => {
    clearTimeout(rest)
    over.abort()
    held?.let()
  }
  signal.addEventListener('abort', () => clearTimeout(rest))
  const far = (event: PointerEvent): number => Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY)
  addEventListener(
    'pointermove',
    (event) => {
      if (event.pointerId !== down.pointerId) return
      if (held !== undefined) held.move(event)
      else if (finger && far(event) > FINGER_PX) end()
      else if (!finger && far(event) > MOUSE_PX) begin()
    },
    { signal },
  )
  addEventListener(
    'pointerup',
    (event) => {
      if (event.pointerId !== down.pointerId) return
      const column = held?.column
      if (held !== undefined) swallowClick()
      end()
      if (column !== undefined) drag.onDrop(column)
    },
    { signal },
  )
  addEventListener('pointercancel', end, { signal })
  addEventListener('keydown', (event) => event.key === 'Escape' && end(), { signal })
  // A finger that rests would open the browser's menu of the link, and one that drags would scroll.
  if (finger) addEventListener('contextmenu', (event) => event.preventDefault(), { signal })
  addEventListener('touchmove', (event) => held !== undefined && event.preventDefault(), { signal, passive: false })
}

/** A card in somebody's hand: its picture follows the pointer, the column under it is marked. */
class Held {
  readonly #picture: HTMLElement
  readonly #from: { x: number; y: number }
  #at: { x: number; y: number }
  #over: HTMLElement | undefined
  #frame: number

  constructor(
    readonly drag: Drag,
    down: PointerEvent,
  ) {
    const box = drag.card.getBoundingClientRect()
    this.#from = { x: down.clientX - box.left, y: down.clientY - box.top }
    this.#at = { x: down.clientX, y: down.clientY }
    this.#picture = drag.card.cloneNode(true) as HTMLElement
    this.#picture.classList.add('task-ghost')
    this.#picture.inert = true
    this.#picture.removeAttribute('data-task')
    this.#picture.style.width = `${box.width}px`
    document.body.append(this.#picture)
    drag.card.dataset.held = ''
    drag.board.dataset.dragging = ''
    getSelection()?.removeAllRanges()
    this.#frame = requestAnimationFrame(this.#scroll)
    this.#show()
  }

  /** The column that the pointer is over. */
  get column(): string | undefined {
    return this.#over?.dataset.column
  }

  move(event: PointerEvent): void {
    this.#at = { x: event.clientX, y: event.clientY }
    this.#show()
  }

  let(): void {
    cancelAnimationFrame(this.#frame)
    this.#picture.remove()
    delete this.drag.card.dataset.held
    delete this.drag.board.dataset.dragging
    this.#mark(undefined)
  }

  #show(): void {
    const { x, y } = this.#at
    this.#picture.style.translate = `${x - this.#from.x}px ${y - this.#from.y}px`
    const column = document.elementFromPoint(x, y)?.closest<HTMLElement>('[data-column]')
    this.#mark(column && this.drag.board.contains(column) ? column : undefined)
  }

  #mark(column: HTMLElement | undefined): void {
    if (column === this.#over) return
    if (this.#over) delete this.#over.dataset.over
    if (column) column.dataset.over = ''
    this.#over = column
  }

  #scroll = (): void => {
    const { board } = this.drag
    const { left, right } = board.getBoundingClientRect()
    const { x, y } = this.#at
    const aside =
      x < Math.max(left, 0) + EDGE_PX ? -SCROLL_PX : x > Math.min(right, innerWidth) - EDGE_PX ? SCROLL_PX : 0
    const down = y < EDGE_PX ? -SCROLL_PX : y > innerHeight - EDGE_PX ? SCROLL_PX : 0
    if (aside !== 0) board.scrollBy({ left: aside, behavior: 'instant' })
    if (down !== 0) scrollBy({ top: down, behavior: 'instant' })
    if (aside !== 0 || down !== 0) this.#show()
    this.#frame = requestAnimationFrame(this.#scroll)
  }
}

/** The click that ends a drag opens nothing. */
function swallowClick(): void {
  const swallow = (event: Event): void => {
    event.preventDefault()
    event.stopPropagation()
  }
  addEventListener('click', swallow, { capture: true, once: true })
  setTimeout(() => removeEventListener('click', swallow, { capture: true }))
}
