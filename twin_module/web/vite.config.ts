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
      const made = Object.keys(bundle).filter((name) => name !== 'worker.js' && !name.endsWith('.map'))
      const files = [...made, ...readdirSync('public')]
      const version = [...files].sort().join('\n')
      worker.code = worker.code.replace('__SHELL__', JSON.stringify(JSON.stringify(version.split('\n'))))
    },
  }
}

/** The modules that the first view needs; in one file, because each file costs a way to the twin and back. */
const first = new Set<string>()

function firstView(): Plugin {
  return {
    name: 'first-view',
    apply: 'build',
    buildEnd() {
      const open = [...this.getModuleIds()].filter((id) => id.endsWith('/src/main.tsx'))
      for (let id = open.pop(); id !== undefined; id = open.pop()) {
        if (first.has(id)) continue
        first.add(id)
        open.push(...(this.getModuleInfo(id)?.importedIds ?? []))
      }
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
      input: { page: 'index.html', worker: 'src/worker.ts' },
      output: {
        entryFileNames: ({ name }) => (name === 'worker' ? 'worker.js' : 'assets/[name]-[hash].js'),
        assetFileNames: 'assets/[name]-[hash][extname]',
        chunkFileNames: 'assets/[name]-[hash].js',
        codeSplitting: { groups: [{ name: 'first', test: (id) => first.has(id) }] },
      },
    },
  },
  plugins: [firstView(), shell(), compressed()],
  test: { environment: 'node' },
} as Parameters<typeof defineConfig>[0])
