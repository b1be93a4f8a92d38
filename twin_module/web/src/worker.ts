/**
 * The service worker: keeps the page's own files, so that it opens without a network, and installs as an app.
 *
 * It keeps no data of the twin: what is under the API and under Matrix never passes through here.
 */

/** The names of the page's files, put in when it is built; another set is another version. */
const SHELL = JSON.parse(__SHELL__) as string[]
declare const __SHELL__: string

const worker = self as unknown as ServiceWorkerGlobalScope
const SCOPE = new URL('./', worker.location.href)
const CACHE = `page-${digest(SHELL.join('\n'))}`

worker.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(SHELL.map((name) => new URL(name === 'index.html' ? './' : name, SCOPE).href))),
  )
})

// A newer worker takes over when no page of the older version is open any more: until then that page may still
// fetch files that only the older cache has.

worker.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name))))
      .then(() => worker.clients.claim()),
  )
})

worker.addEventListener('fetch', (event) => {
  const address = new URL(event.request.url)
  if (event.request.method !== 'GET' || address.origin !== SCOPE.origin) return
  if (!address.pathname.startsWith(SCOPE.pathname) || address.pathname.startsWith(`${SCOPE.pathname}v1/`)) return
  if (event.request.mode === 'navigate') event.respondWith(page(event.request))
  else event.respondWith(file(event.request))
})

/** The page itself: the newest when the twin answers, else the kept one. */
async function page(request: Request): Promise<Response> {
  const kept = await caches.match(SCOPE.href)
  if (kept === undefined) return fetch(request)
  try {
    const newest = await fetch(request)
    // A proxy answers for a twin that is off.
    return newest.status >= 500 ? kept : newest
  } catch {
    return kept
  }
}

/** A file of the page: their names hold a hash of their content, so a kept one is never old. */
async function file(request: Request): Promise<Response> {
  return (await caches.match(request)) ?? (await fetch(request))
}

function digest(text: string): string {
  let sum = 5381
  for (let place = 0; place < text.length; place += 1) sum = ((sum * 33) ^ text.charCodeAt(place)) >>> 0
  return sum.toString(36)
}
