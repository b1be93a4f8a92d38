/**
 * What a credential in an object is worth. Whoever may write in a room can write anything into it, under any
 * name, so the page shows none without the twin's word on its signature.
 */

import { useRead } from '../../parts/loading'
import { nameOf } from '../../parts/names'
import { t } from '../../texts/texts'
import { post } from '../../twin/api'
import type { Content } from '../../twin/types'
import { reference } from './refers'
import { isMap, own } from './schema'

interface Judged {
  status: 'valid' | 'revoked' | 'expired' | 'not_yet_valid' | 'invalid' | 'cannot_be_checked_now'
}

/** The twin's word on the Verifiable Credential that an object holds, if it holds one. */
export function Signed({ content }: { content: Content }) {
  const credential = own(content, 'credential')
  return isMap(credential) && own(credential, 'issuer') !== undefined ? (
    <Checked credential={credential} revoked={own(content, 'revoked')} />
  ) : null
}

function Checked({ credential, revoked }: { credential: Content; revoked: Content[string] | undefined }) {
  const [judged] = useRead(
    () => post<Judged>('attestations/verify', { credential, ...(isMap(revoked) ? { revoked } : {}) }),
    [JSON.stringify([credential, revoked])],
  )
  if (judged.state === 'reading') return <p class="note">{t('objects.signed.checking')}</p>
  if (judged.state === 'failed') return <p class="note warn">{t('objects.signed.cannot_be_checked_now')}</p>
  const { status } = judged.value
  const issuer = reference(String(credential.issuer))
  const who = issuer && 'person' in issuer ? `${nameOf(issuer.person)} (${issuer.person})` : String(credential.issuer)
  const kind = status === 'valid' ? '' : status === 'invalid' ? 'bad' : 'warn'
  return (
    <p class={`note ${kind}`} role="status">
      {t(`objects.signed.${status}`, { who })}
    </p>
  )
}
