import { render } from 'preact'
import { App } from './app'
import './look.css'
import { places } from './places'
import { startTexts } from './texts/texts'
import { startTheme } from './theme'
import { HOME } from './twin/api'

startTheme()
await startTexts()
const page = document.getElementById('page')
if (page !== null) render(<App />, page)
// A stranger who opens a link gets the page for that, and nothing that stays.
const forStrangers = location.pathname.startsWith(`${HOME}${places.published('')}`)
if ('serviceWorker' in navigator && import.meta.env.PROD && !forStrangers) {
  // Without it the page works all the same, but not offline.
  navigator.serviceWorker.register(workerAddress()).catch(() => {})
}

/** The page's policy takes no address of a script as text; this one is fixed. */
function workerAddress(): string {
  const address = `${import.meta.env.BASE_URL}worker.js`
  const policy = window.trustedTypes?.createPolicy('twin-worker', { createScriptURL: () => address })
  return (policy?.createScriptURL('') as unknown as string | undefined) ?? address
}
