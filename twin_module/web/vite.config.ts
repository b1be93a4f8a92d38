import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig, type Plugin } from 'vite'

/** What browsers accept compressed; pictures are that already. */
const TEXTS = /\.(js|css|html|json|svg|webmanifest)$/

/** Writes each text beside itself as `.br` and `.gz`, so that the twin never compresses while it serves. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    writeBundle({ dir }) {
      if (dir === undefined) return
      for (const file of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
        if (!TEXTS.test(file)) continue
        const path = join(dir, file)
        const text = readFileSync(path)
        writeFileSync(`${path}.gz`, gzipSync(text, { level: 9 }))
        writeFileSync(`${path}.br`, brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }))
      }
    },
  }
}

/** Gives the service worker the names of all files that the page may need without a network. */
function shell(): Plugin {
  return {
    name: 'shell',
    apply: 'build',
    enforce: 'post', // after Vite has put the page itself into the bundle
    generateBundle(_, bundle) {
      const worker = bundle['worker.js']
      if (worker?.type !== 'chunk') throw new Error('the service worker is not in the bundle')
      const made = Object.keys(bundle).filter((name) => !/^worker\.js$|\.map$|^widget\.html$/.test(name))
      const files = [...made, ...readdirSync('public')]
      const version = [...files].sort().join('\n')
      worker.code = worker.code.replace('__SHELL__', JSON.stringify(JSON.stringify(version.split('\n'))))
    },
  }
}

/** The modules that the first view needs; in one file, because each file costs a way to the twin and back. */
const first = new Set<string>()
/** Those of them that the widget needs too. It must never fetch the rest: that is the owner's page, which starts itself. */
const shared = new Set<string>()

function firstView(): Plugin {
  return {
    name: 'first-view',
    apply: 'build',
    buildEnd() {
      const needed = (entry: string): Set<string> => {
        const found = new Set<string>()
        const open = [...this.getModuleIds()].filter((id) => id.endsWith(entry))
        for (let id = open.pop(); id !== undefined; id = open.pop()) {
          if (found.has(id)) continue
          found.add(id)
          open.push(...(this.getModuleInfo(id)?.importedIds ?? []))
        }
        return found
      }
      const widget = needed('/src/widget/main.tsx')
      for (const id of needed('/src/main.tsx')) (widget.has(id) ? shared : first).add(id)
    },
  }
}

export default defineConfig({
  base: '/_synapse/client/twin/',
  build: {
    outDir: 'built',
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { page: 'index.html', widget: 'widget.html', worker: 'src/worker.ts' },
      output: {
        entryFileNames: ({ name }) => (name === 'worker' ? 'worker.js' : 'assets/[name]-[hash].js'),
        assetFileNames: 'assets/[name]-[hash][extname]',
        chunkFileNames: 'assets/[name]-[hash].js',
        codeSplitting: {
          groups: [
            { name: 'shared', test: (id) => shared.has(id) },
            { name: 'first', test: (id) => first.has(id) },
          ],
        },
      },
    },
  },
  plugins: [firstView(), shell(), compressed()],
  test: { environment: 'node' },
} as Parameters<typeof defineConfig>[0])
