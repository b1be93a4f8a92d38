/**
 * What a widget answers to the client around it (Matrix widget API, version 0.0.2): that it wants to do nothing
 * in the client, and that it heard of another theme or language.
 */

interface Request {
  api: 'toWidget'
  requestId: string
  widgetId: string
  action: string
  data?: Record<string, unknown>
  response?: unknown
}

export interface Heard {
  theme: (name: string) => void
  language: (language: string) => void
}

/** Returns what is answered to a request; what is not known is refused. */
export function answerTo(action: string, data: Record<string, unknown>, heard: Heard): Record<string, unknown> {
  switch (action) {
    case 'supported_api_versions':
      return { supported_versions: ['0.0.1', '0.0.2'] }
    case 'capabilities':
      return { capabilities: [] }
    case 'notify_capabilities':
    case 'visibility':
      return {}
    case 'theme_change':
      if (typeof data.name === 'string') heard.theme(data.name)
      return {}
    case 'language_change':
      if (typeof data.lang === 'string') heard.language(data.lang)
      return {}
    default:
      return { error: { message: 'This widget does not know that.' } }
  }
}

export function answerTheClient(heard: Heard): void {
  if (window.parent === window) return
  window.addEventListener('message', ({ source, origin, data }: MessageEvent<unknown>) => {
    if (source !== window.parent || !isRequest(data)) return
    const response = answerTo(data.action, data.data ?? {}, heard)
    window.parent.postMessage({ ...data, response }, origin === 'null' ? '*' : origin)
  })
}

function isRequest(data: unknown): data is Request {
  if (typeof data !== 'object' || data === null) return false
  const { api, requestId, widgetId, action, response } = data as Partial<Request>
  const named = [requestId, widgetId, action].every((each) => typeof each === 'string')
  return api === 'toWidget' && named && response === undefined
}
