/** The proof of what is shown: what it says, the file, and how anybody checks it. */

import { Download } from 'lucide-preact'
import { fully } from '../../dates'
import { CopyButton } from '../../parts/copy'
import { fileName, offer } from '../../parts/download'
import { Icon } from '../../parts/icons'
import { Loading, useRead } from '../../parts/loading'
import { clean } from '../../parts/names'
import { t } from '../../texts/texts'
import { readProof, type Inner, type PublishedObject } from './opened'
import type { Proof } from './proof-file'

interface ProofPartProps {
  token: string
  inner: Inner
  object: PublishedObject
}

export function ProofPart({ token, inner, object }: ProofPartProps) {
  const [loaded, again] = useRead(() => readProof(token, inner), [object.etag])
  return (
    <section class="card stack proof" aria-labelledby="proof">
      <h2 id="proof">{t('published.proof')}</h2>
      <Loading of={loaded} again={again}>
        {(answer) => {
          if (answer.is === 'there') return <Told proof={answer.value} object={object} />
          if (answer.is === 'refused')
            return <p class="note warn">{t('published.no-proof', { why: clean(answer.why) })}</p>
          return (
            <>
              <p role="alert">{t(answer.is === 'away' ? 'published.away-text' : 'published.nothing-text')}</p>
              <div class="actions">
                <button type="button" onClick={again}>
                  {t('again')}
                </button>
              </div>
            </>
          )
        }}
      </Loading>
    </section>
  )
}

function Told({ proof, object }: { proof: Proof; object: PublishedObject }) {
  const name = fileName('proof', object.title, 'json')
  const command = `twin verify ${name}`
  const time = new Date(proof.time)
  return (
    <>
      {proof.version !== object.etag && <p class="note warn">{t('published.proof.changed')}</p>}
      <p>{t('published.proof.text')}</p>
      <dl class="values">
        <div>
          <dt>{t('published.proof.author')}</dt>
          <dd>
            <bdi>{proof.author}</bdi>
          </dd>
        </div>
        <div>
          <dt>{t('published.proof.server')}</dt>
          <dd>
            <bdi>{proof.server}</bdi>
          </dd>
        </div>
        <div>
          <dt>{t('published.proof.time')}</dt>
          <dd>{Number.isNaN(time.getTime()) ? '' : <time datetime={time.toISOString()}>{fully(time)}</time>}</dd>
        </div>
        <div>
          <dt>{t('published.proof.version')}</dt>
          <dd>
            <code class="key">{proof.version}</code>
          </dd>
        </div>
        <div>
          <dt>{t('published.proof.keys')}</dt>
          <dd>
            <ul class="rows">
              {proof.keys.map(({ id, key }) => (
                <li key={id}>
                  <code>{id}</code> <code class="key">{key}</code>
                </li>
              ))}
            </ul>
          </dd>
        </div>
      </dl>
      <div class="actions">
        <button
          type="button"
          class="main"
          onClick={() => offer(new Blob([proof.file], { type: 'application/json' }), name)}
        >
          <Icon of={Download} />
          {t('published.proof.download')}
        </button>
      </div>
      <div class="stack tight">
        <h3>{t('published.proof.check')}</h3>
        <p>{t('published.proof.check-text')}</p>
        <div class="command">
          <pre tabIndex={0}>
            <code>{command}</code>
          </pre>
          <CopyButton text={command} label={t('published.proof.copy')} />
        </div>
        <p class="soft small">{t('published.proof.compare', { address: `https://${proof.server}/_matrix/key/v2/server` })}</p>
      </div>
      <details>
        <summary>{t('published.proof.not')}</summary>
        <ul class="bullets">
          <li>{t('published.proof.not.key')}</li>
          <li>{t('published.proof.not.time')}</li>
          <li>{t('published.proof.not.hand')}</li>
          <li>{t('published.proof.not.newest')}</li>
          <li>{t('published.proof.not.less')}</li>
        </ul>
      </details>
    </>
  )
}
