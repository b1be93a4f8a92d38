/** A button that opens a list of what can be done, in a popover of the browser: Escape or a press beside it closes it. */

import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { LucideIcon } from 'lucide-preact'
import { EllipsisVertical } from 'lucide-preact'
import { Icon } from './icons'

export interface Choice {
  label: string
  icon: LucideIcon
  run: () => void
  bad?: boolean
}

const BESIDE_PX = 4

export function Menu({ label, choices }: { label: string; choices: () => Choice[] }) {
  const [open, setOpen] = useState(false)
  const button = useRef<HTMLButtonElement>(null)
  const panel = useRef<HTMLDivElement>(null)
  const wasOpen = useRef(false)
  useLayoutEffect(() => {
    if (!open || panel.current === null || button.current === null) return
    panel.current.showPopover()
    place(panel.current, button.current)
    items(panel.current)[0]?.focus()
  }, [open])

  const keys = (event: KeyboardEvent): void => {
    if (panel.current === null) return
    const all = items(panel.current)
    const at = all.indexOf(document.activeElement as HTMLElement)
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 }[event.key]
    if (event.key === 'Tab') panel.current.hidePopover()
    if (to === undefined) return
    event.preventDefault()
    all[to % all.length]?.focus()
  }
  return (
    <>
      <button
        ref={button}
        type="button"
        class="quiet icon-only no-print"
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={open}
        // The press that closes an open menu must not open it again.
        onPointerDown={() => (wasOpen.current = open)}
        onClick={() => {
          if (!wasOpen.current) setOpen(true)
          wasOpen.current = false
        }}
      >
        <Icon of={EllipsisVertical} />
      </button>
      {open && (
        <div
          ref={panel}
          popover="auto"
          role="menu"
          aria-label={label}
          class="menu"
          onKeyDown={keys}
          onToggle={(event) => event.newState === 'closed' && setOpen(false)}
        >
          {choices().map((choice) => (
            <button
              key={choice.label}
              type="button"
              role="menuitem"
              tabIndex={-1}
              class={choice.bad ? 'quiet bad' : 'quiet'}
              onClick={() => {
                panel.current?.hidePopover()
                choice.run()
              }}
            >
              <Icon of={choice.icon} />
              {choice.label}
            </button>
          ))}
        </div>
      )}
    </>
  )
}

function items(panel: HTMLElement): HTMLElement[] {
  return [...panel.querySelectorAll<HTMLElement>('[role=menuitem]')]
}

/** Puts the menu beside its button, where the window has room for it. */
function place(panel: HTMLElement, button: HTMLElement): void {
  const at = button.getBoundingClientRect()
  const { width, height } = panel.getBoundingClientRect()
  const under = at.bottom + BESIDE_PX
  const top = under + height > innerHeight ? Math.max(BESIDE_PX, at.top - height - BESIDE_PX) : under
  const start = document.dir === 'rtl' ? at.left : at.right - width
  panel.style.top = `${top}px`
  panel.style.left = `${Math.min(Math.max(BESIDE_PX, start), innerWidth - width - BESIDE_PX)}px`
}
