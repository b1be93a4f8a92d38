// Chromium with a page for each editor. It is told what to do by lines on its standard input, each
// a JSON object, and answers each with a line of JSON.
import { build } from 'esbuild'
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { chromium } from 'playwright-core'

const folder = import.meta.dirname
const bundle = await build({
  entryPoints: [`${folder}/page.mjs`],
  bundle: true,
  write: false,
  format: 'iife',
})
const html = '<!doctype html><meta charset="utf-8"><div id="editor"></div><script src="/page.js"></script>'
const server = createServer((request, answer) => {
  const isScript = request.url === '/page.js'
  answer.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html')
  answer.end(isScript ? bundle.outputFiles[0].text : html)
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const browser = await chromium.launch({
  executablePath: process.argv[2],
  args: ['--no-sandbox', '--disable-dev-shm-usage'],
})
const pages = {}
const editor = (name) => pages[name].locator('#editor [contenteditable=true]')

const does = {
  open: async ({ name, ...asked }) => {
    pages[name] = await browser.newPage()
    await pages[name].goto(`http://127.0.0.1:${server.address().port}/`)
    await pages[name].evaluate((given) => window.open_editor(given), { name, ...asked })
    await editor(name).waitFor()
  },
  synced: async ({ name }) => ({ synced: await pages[name].evaluate(() => window.provider.synced) }),
  type: async ({ name, words, key }) => {
    await editor(name).focus()
    if (key) await pages[name].keyboard.press(key)
    await pages[name].keyboard.type(words)
  },
  look: async ({ name }) => ({
    text: await editor(name).innerText(),
    cursors: await pages[name].locator('.cm-ySelectionInfo, .ProseMirror-yjs-cursor').allTextContents(),
  }),
  close: async ({ name }) => pages[name].close(),
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line)
  const found = await does[asked.do](asked)
  process.stdout.write(`${JSON.stringify(found ?? {})}\n`)
}
await browser.close()
process.exit(0)
