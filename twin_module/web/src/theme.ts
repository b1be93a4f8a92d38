/** Light, dark, or as the system has it. */

const CHOICE = 'twin-theme'
export type Theme = 'light' | 'dark'

export function startTheme(): void {
  wear(chosenTheme())
}

export function chosenTheme(): Theme | undefined {
  const said = localStorage.getItem(CHOICE)
  return said === 'light' || said === 'dark' ? said : undefined
}

export function chooseTheme(theme: Theme | undefined): void {
  if (theme === undefined) localStorage.removeItem(CHOICE)
  else localStorage.setItem(CHOICE, theme)
  wear(theme)
}

function wear(theme: Theme | undefined): void {
  if (theme === undefined) delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
}
