/** Writing a text together: the editor on a live text, with the cursors of the others. */

import { keymap } from '@codemirror/view'
import { useMemo } from 'preact/hooks'
import { yCollab, yUndoManagerKeymap } from 'y-codemirror.next'
import * as Y from 'yjs'
import { t } from '../../texts/texts'
import type { LiveText } from '../../twin/live-text'
import { othersCursors } from './cursors'
import { Editor } from './editor'

export function Writing({ live }: { live: LiveText }) {
  const undoManager = useMemo(() => new Y.UndoManager(live.text), [live])
  return (
    <Editor
      label={t('documents.text')}
      text={() => live.text.toString()}
      extensions={() => [
        yCollab(live.text, null, { undoManager }),
        keymap.of(yUndoManagerKeymap),
        othersCursors(live),
      ]}
      undo={() => undoManager.undo()}
      redo={() => undoManager.redo()}
      onFormat={() => undoManager.stopCapturing()}
      autofocus={live.text.length === 0}
    />
  )
}
