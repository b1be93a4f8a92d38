/** What the owner published by a link, for anybody: no account, nothing to change, and no way to anything else. */

import { Globe, Link2Off, WifiOff } from 'lucide-preact'
import type { ComponentChildren } from 'preact'
import { fully } from '../dates'
import { Heading, useWay } from '../parts/frame'
import { Icon } from '../parts/icons'
import { Empty, Loading, useRead } from '../parts/loading'
import { clean, Text } from '../parts/names'
import { t } from '../texts/texts'
import { PublishedCollection } from './published/collection'
import { PublishedOne } from './published/object'
import { open, type Answer, type Inner, type Publisher } from './published/opened'
import './published/published.css'

export function Published({ token, object }: { token: string; object?: Inner }) {
  useWay()
  const [loaded, again] = useRead(
    async () => ({ inner: object, answer: await open(token, object) }),
    [token, object?.join('\n')],
  )
  return (
    <Loading of={loaded} again={again}>
      {({ inner, answer }) =>
        answer.is === 'there' ? (
          <Page publisher={answer.value.twin} expires={answer.value.link.expires}>
            {'object' in answer.value ? (
              <PublishedOne token={token} inner={inner} opened={answer.value} />
            ) : (
              <PublishedCollection token={token} opened={answer.value} />
            )}
          </Page>
        ) : (
          <NotThere answer={answer} again={again} />
        )
      }
    </Loading>
  )
}

interface PageProps {
  publisher: Publisher
  expires: number | undefined
  children: ComponentChildren
}

function Page({ publisher, expires, children }: PageProps) {
  const { owner, displayname = '' } = publisher
  const name = clean(displayname)
  return (
    <div class="published">
      <header>
        <Icon of={Globe} />
        <p>
          {t('published.by')}{' '}
          {name !== '' && (
            <>
              <strong>
                <Text of={name} />
              </strong>{' '}
            </>
          )}
          <bdi class="soft">{owner}</bdi>
        </p>
      </header>
      <main>{children}</main>
      <footer class="soft small">
        <p>{t('published.read-only')}</p>
        {expires !== undefined && (
          <p>{t('published.until', { when: fully(new Date(expires)) })}</p>
        )}
      </footer>
    </div>
  )
}

function NotThere({ answer, again }: { answer: Exclude<Answer<unknown>, { is: 'there' }>; again: () => void }) {
  if (answer.is !== 'away') {
    return (
      <main class="alone">
        <Empty icon={Link2Off}>
          <Heading title={t('published.nothing')}>{t('published.nothing')}</Heading>
          <p>{t('published.nothing-text')}</p>
        </Empty>
      </main>
    )
  }
  return (
    <main class="alone">
      <Empty icon={WifiOff}>
        <Heading title={t('published.away')}>{t('published.away')}</Heading>
        <p>{t(answer.tooOften ? 'published.too-often' : 'published.away-text')}</p>
        <button type="button" class="main" onClick={again}>
          {t('again')}
        </button>
      </Empty>
    </main>
  )
}
