// The page: what it shows, and what its buttons do. How it speaks with a server is in server.js.
import { Server } from './server.js'

const $ = (id) => document.getElementById(id)
const OPEN = ['needs-action', 'in-process', undefined]
const rows = new Map() // by uid
let server, lists = new Map()

// Try something; if it is refused, say why, and show what is true.
async function attempt(work) {
  $('problem').textContent = ''
  await work().catch((error) => {
    if (error.code === 'M_UNKNOWN_TOKEN') leave()
    $('problem').textContent = error.message
    show()
  })
}

function show() {
  const known = [...lists].filter(([, { isCollection }]) => isCollection)
  const chosen = new Map(known).has($('list').value) ? $('list').value : known[0]?.[0]
  const options = known.map(([id, { name }]) => new Option(name, id, false, id === chosen))
  $('list').replaceChildren(...options)
  const items = [...(lists.get(chosen)?.items.values() ?? [])]
    .filter(({ content }) => OPEN.includes(content.progress))
    .sort((one, other) => one.content.title.localeCompare(other.content.title))
    .map((item) => row(chosen, item))
  // What stays is not touched: somebody may be clicking on it, or have the focus there.
  const { children } = $('items')
  const focused = $('items').contains(document.activeElement)
  for (const each of [...children]) if (!items.includes(each)) each.remove()
  items.forEach((each, at) => each === children[at] || $('items').insertBefore(each, children[at]))
  if (focused && !$('items').contains(document.activeElement)) $('title').focus()
}

function row(list, item) {
  const row = rows.get(item.uid) ?? $('row').content.firstElementChild.cloneNode(true)
  rows.set(item.uid, row)
  const [box, title, button] = row.querySelectorAll('input, span, button')
  title.textContent = item.content.title // never innerHTML: others wrote it
  box.checked = false
  box.onchange = () => attempt(() => server.tick(list, item))
  button.ariaLabel = `Remove ${item.content.title}`
  button.onclick = () => attempt(() => server.remove(list, item))
  return row
}

async function follow(session) {
  server = new Server(session)
  $('sign-in').remove() // and the password with it
  $('board').hidden = false
  for (;;) {
    await attempt(async () => { for await (lists of server.lists()) show() })
    await new Promise((resolve) => setTimeout(resolve, 3000)) // then from the beginning
  }
}

function leave() {
  sessionStorage.clear()
  location.reload() // with the page goes all that it knew
}

$('sign-in').onsubmit = (event) => {
  event.preventDefault()
  const { address, user, password } = event.target.elements
  attempt(async () => {
    const session = await Server.signIn(new URL(address.value).origin, user.value, password.value)
    sessionStorage.session = JSON.stringify(session) // forgotten with this tab
    follow(session)
  })
}
$('add').onsubmit = (event) => {
  event.preventDefault()
  const title = $('title').value
  event.target.reset()
  attempt(() => server.add($('list').value, title))
}
$('list').onchange = show
$('sign-out').onclick = () => attempt(() => server.signOut().then(leave))

if (sessionStorage.session) follow(JSON.parse(sessionStorage.session))
