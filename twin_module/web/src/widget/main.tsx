/**
 * The page in a widget: a program of its own, so that nothing of the owner's page is ever in a frame.
 *
 * It stores nothing in the browser, reads nothing there, and sends no cookie.
 */

import { render } from 'preact'
import '../look.css'
import { answerTheClient } from './client'
import { given } from './given'
import { speakAs, wearAs } from './look'
import { Widget } from './widget'
import './widget.css'

const { token, theme, language, room, user } = given(location.hash)
wearAs(theme)
// Before anything is waited for: a client asks as soon as the frame is there.
answerTheClient({ theme: wearAs, language: (wanted) => void speakAs(wanted) })
await speakAs(language)
const page = document.getElementById('widget')
if (page !== null) render(<Widget token={token} user={user} room={room} />, page)
