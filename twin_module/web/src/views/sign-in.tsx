/** Signing in with the flows that the homeserver offers, or by the one-time link. */

import { useEffect, useState } from 'preact/hooks'
import { Field, Form, sentence, text } from '../parts/form'
import { clean } from '../parts/names'
import { t, type Key } from '../texts/texts'
import { Refused } from '../twin/api'
import { flows, isMeant, signInWithPassword, signInWithToken, ssoAddress, type Flow } from '../twin/session'
import { twin } from '../twin/twin'

/** `token` is the one-time token that the page was opened with. */
export function SignIn({ token }: { token: string | undefined }) {
  const [offered, setOffered] = useState<readonly Flow[] | undefined>()
  const [problem, setProblem] = useState('')
  useEffect(() => {
    document.title = t('app.name') // also of whoever was just signed out and looked at something
    void begin()
  }, [])

  async function begin(): Promise<void> {
    setProblem('')
    try {
      if (token !== undefined) {
        await signInWithToken(token)
        return await twin.start()
      }
    } catch (error) {
      setProblem(sentence(explained(error, 'sign-in.link-used')))
    }
    try {
      setOffered(await flows())
    } catch (error) {
      setProblem(sentence(explained(error, 'sign-in.no-way')))
    }
  }

  async function withPassword(data: FormData): Promise<void> {
    const user = text(data, 'user')
    // Checked here already, so that nobody's password of elsewhere is sent to this homeserver.
    if (!isMeant(user, owner)) throw new Refused(403, 'M_FORBIDDEN', t('sign-in.other', { owner }))
    try {
      await signInWithPassword(owner, String(data.get('password') ?? ''))
    } catch (error) {
      throw explained(error, 'sign-in.wrong')
    }
    await twin.start()
  }

  const owner = twin.card.value?.owner ?? ''
  const sso = offered?.find((flow) => flow.type === 'm.login.sso')
  const byPassword = offered?.some((flow) => flow.type === 'm.login.password')
  return (
    <main class="alone">
      <div class="card stack">
        <div>
          <h1>{t('sign-in.title')}</h1>
          <p class="soft">{t('sign-in.whose', { owner: clean(twin.card.value?.displayname ?? '') || owner })}</p>
        </div>
        {offered === undefined && problem === '' && (
          <p role="status" class="soft">
            {t(token === undefined ? 'loading' : 'sign-in.by-link')}
          </p>
        )}
        <div role="alert">{problem !== '' && <p class="note warn">{problem}</p>}</div>
        {byPassword && (
          <Form submit={t('sign-in.do')} onSubmit={withPassword}>
            <Field label={t('sign-in.user')}>
              {(ids) => (
                <input
                  {...ids}
                  name="user"
                  required
                  autocomplete="username"
                  autocapitalize="none"
                  spellcheck={false}
                  defaultValue={owner}
                />
              )}
            </Field>
            <Field label={t('sign-in.password')}>
              {(ids) => <input {...ids} name="password" type="password" required autocomplete="current-password" />}
            </Field>
          </Form>
        )}
        {sso &&
          (sso.identity_providers ?? [undefined]).map((provider) => (
            <a key={provider?.id ?? ''} class="button" href={ssoAddress(provider?.id)}>
              {provider ? t('sign-in.with', { provider: clean(provider.name) }) : t('sign-in.sso')}
            </a>
          ))}
        {offered && !sso && !byPassword && <p class="note warn">{t('sign-in.no-way')}</p>}
        {!offered && problem !== '' && (
          <button type="button" onClick={() => void begin()}>
            {t('again')}
          </button>
        )}
      </div>
    </main>
  )
}

/** Returns an error in words that help; `no` are those for what the homeserver does not take. */
function explained(error: unknown, no: Key): Error {
  if (!(error instanceof Refused)) return error as Error
  if (error.status !== 429) return error.errcode === 'M_FORBIDDEN' ? new Refused(403, error.errcode, t(no)) : error
  const seconds = Math.ceil(Number(error.fields.retry_after_ms ?? 1000) / 1000)
  return new Refused(429, error.errcode, t('sign-in.too-often', { seconds }))
}
