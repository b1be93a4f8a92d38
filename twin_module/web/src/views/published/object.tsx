/** One published object: a document as it is read, all else as its schema describes it, and its proof. */

import { ArrowLeft } from 'lucide-preact'
import { Link } from 'wouter-preact'
import { Ago } from '../../parts/ago'
import { Heading } from '../../parts/frame'
import { Icon } from '../../parts/icons'
import { Loading, useRead } from '../../parts/loading'
import { clean, Text } from '../../parts/names'
import { places } from '../../places'
import { t } from '../../texts/texts'
import { CAPABILITY as DOCUMENTS } from '../documents/document'
import { Reader, usePrinting } from '../documents/reader'
import { capabilityName } from '../objects/names'
import { fieldsOf, isMap, own } from '../objects/schema'
import { ToStrangers, Values } from '../objects/values'
import { textOf, type Answer, type Inner, type OneObject, type PublishedObject } from './opened'
import { ProofPart } from './proof'

/** What of a document is not shown among its values: it is the page itself, or leads nowhere from here. */
const OF_DOCUMENTS: ReadonlySet<string> = new Set(['text', 'textFile', 'versions'])

interface PublishedOneProps {
  token: string
  inner: Inner
  opened: OneObject
}

export function PublishedOne({ token, inner, opened: { object, schema } }: PublishedOneProps) {
  const title = clean(object.title) || capabilityName(object.capability)
  const isDocument = object.capability === DOCUMENTS
  const hidden = (name: string): boolean =>
    (isDocument && OF_DOCUMENTS.has(name)) || (name === 'title' && own(object.content, name) === object.title)
  const content = Object.fromEntries(Object.entries(object.content).filter(([name]) => !hidden(name)))
  return (
    <article class="stack">
      {inner !== undefined && (
        <p class="small">
          <Link href={places.published(token)}>
            <Icon of={ArrowLeft} /> {t('published.to-all')}
          </Link>
        </p>
      )}
      <Heading title={title}>
        <Text of={title} />
      </Heading>
      <p class="soft small">
        {t('published.written-by')} <bdi>{object.sender}</bdi>,{' '}
        <Ago ms={object.updated} />
      </p>
      {isMap(own(object.content, 'credential')) && <p class="note warn">{t('published.not-checked')}</p>}
      {isDocument && <DocumentText token={token} inner={inner} object={object} />}
      {Object.keys(content).some((name) => !name.startsWith('@')) && (
        <div class="card">
          <ToStrangers.Provider value={true}>
            <Values fields={fieldsOf(schema).filter(({ name }) => !hidden(name))} content={content} />
          </ToStrangers.Provider>
        </div>
      )}
      <ProofPart token={token} inner={inner} object={object} />
    </article>
  )
}

interface TextProps {
  token: string
  inner: Inner
  object: PublishedObject
}

function DocumentText({ token, inner, object }: TextProps) {
  const { text } = object.content
  const printing = usePrinting()
  const [loaded, again] = useRead(async (): Promise<Answer<string>> => {
    if (object.long_text === true) return textOf(token, inner)
    return { is: 'there', value: typeof text === 'string' ? text : '' }
  }, [object.etag])
  return (
    <div class="card text">
      <Loading of={loaded} again={again}>
        {(answer) => {
          if (answer.is === 'there') return <Reader text={answer.value} all={printing} />
          return (
            <div class="stack tight">
              <p role="alert">{t(answer.is === 'away' ? 'published.away-text' : 'published.text-not-here')}</p>
              <button type="button" onClick={again}>
                {t('again')}
              </button>
            </div>
          )
        }}
      </Loading>
    </div>
  )
}
