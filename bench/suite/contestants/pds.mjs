// Runs a PDS as its environment says, with a directory of identities of its own beside it: the
// real one is on the internet.
import { createServer } from 'node:http'
import plc from '@did-plc/lib'
import { PDS, envToCfg, envToSecrets, readEnv } from '@atproto/pds'

const documents = new Map()
const directory = createServer((request, response) => {
  const did = decodeURIComponent(request.url.slice(1).split('/')[0])
  let body = ''
  request.on('data', (part) => (body += part))
  request.on('end', () => {
    if (request.method === 'POST') documents.set(did, plc.formatDidDoc({ did, ...JSON.parse(body) }))
    const found = documents.get(did)
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' })
    response.end(JSON.stringify(found ?? {}))
  })
})
await new Promise((done) => directory.listen(0, '127.0.0.1', done))
process.env.PDS_DID_PLC_URL = `http://127.0.0.1:${directory.address().port}`
const env = readEnv()
const pds = await PDS.create(envToCfg(env), envToSecrets(env))
await pds.start()
