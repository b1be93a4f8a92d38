/** The inputs of a form that a schema describes. */

import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'
import { Plus, X } from 'lucide-preact'
import { Icon } from '../../parts/icons'
import { t } from '../../texts/texts'
import { escaped, row, type Draft, type Row } from './draft'
import { fieldLabel } from './names'
import { readable, type Field } from './schema'
import '../objects.css'

/** What is wrong, by the path of where it is. */
export type Problems = readonly { path: string; message: string }[]

interface InputsProps {
  fields: readonly Field[]
  draft: { readonly [name: string]: Draft }
  onDraft: (draft: { readonly [name: string]: Draft }) => void
  problems: Problems
  path?: string
}

export function Inputs({ fields, draft, onDraft, problems, path = '' }: InputsProps) {
  return (
    <>
      {fields
        .filter(({ kind }) => kind !== 'fixed')
        .map((field) => (
          <Input
            key={field.name}
            field={field}
            draft={draft[field.name]}
            onDraft={(value) => onDraft({ ...draft, [field.name]: value })}
            problems={problems}
            path={`${path}/${escaped(field.name)}`}
          />
        ))}
    </>
  )
}

interface InputProps {
  field: Field
  draft: Draft
  onDraft: (draft: Draft) => void
  problems: Problems
  path: string
}

function Input(props: InputProps) {
  const { field, draft, onDraft, problems, path } = props
  switch (field.kind) {
    case 'group':
      return (
        <Fields {...props}>
          <Inputs
            fields={field.fields}
            draft={typeof draft === 'object' && !Array.isArray(draft) ? (draft as { [name: string]: Draft }) : {}}
            onDraft={onDraft}
            problems={problems}
            path={path}
          />
        </Fields>
      )
    case 'words':
    case 'list':
    case 'map':
      return (
        <Fields {...props}>
          <RowInputs {...props} />
        </Fields>
      )
    default:
      return <One {...props} />
  }
}

const under = (problems: Problems, path: string): Problems =>
  problems.filter((each) => each.path === path || each.path.startsWith(`${path}/`))

/** Several inputs that belong together. */
function Fields({ field, problems, path, children }: InputProps & { children: ComponentChildren }) {
  const id = useId()
  const mine = field.kind === 'group' ? problems.filter((each) => each.path === path) : under(problems, path)
  return (
    <fieldset class="fields" aria-describedby={`${id}-more`}>
      <legend>
        <Label field={field} />
      </legend>
      {children}
      <More id={`${id}-more`} hint={field.hint} problems={mine} />
    </fieldset>
  )
}

function Label({ field }: { field: Field }) {
  return (
    <>
      {fieldLabel(field)}
      {field.required && <span class="soft small"> {t('objects.needed')}</span>}
    </>
  )
}

function More({ id, hint, problems }: { id: string; hint: string | undefined; problems: Problems }) {
  return (
    <div id={id} class="more">
      {problems.map((each) => (
        <p key={each.message} class="wrong">
          {each.message}
        </p>
      ))}
      {hint !== undefined && <p class="hint">{hint}</p>}
    </div>
  )
}

/** One label with one input. */
function One(props: InputProps) {
  const { field, problems, path } = props
  const id = useId()
  const mine = under(problems, path)
  return (
    <div class="field">
      <label for={id}>
        <Label field={field} />
      </label>
      <Bare
        {...props}
        attributes={{
          id,
          'aria-describedby': `${id}-more`,
          'aria-invalid': mine.length > 0,
          'aria-required': field.required,
        }}
      />
      <More id={`${id}-more`} hint={field.hint} problems={mine} />
    </div>
  )
}

type Attributes = {
  id?: string
  'aria-label'?: string
  'aria-describedby'?: string
  'aria-invalid'?: boolean
  'aria-required'?: boolean
}

/** The input alone. */
function Bare({ field, draft, onDraft, attributes }: InputProps & { attributes: Attributes }) {
  const value = typeof draft === 'string' ? draft : ''
  const typed = (event: { currentTarget: { value: string } }): void => onDraft(event.currentTarget.value)
  switch (field.kind) {
    case 'long text':
    case 'json':
      return (
        <textarea
          {...attributes}
          class={field.kind === 'json' ? 'code' : ''}
          value={value}
          onInput={typed}
          spellcheck={field.kind !== 'json'}
          dir="auto"
        />
      )
    case 'choice':
      return (
        <select {...attributes} value={value} onChange={typed}>
          {(!field.required || value === '') && <option value="">{t('objects.nothing')}</option>}
          {field.schema.enum?.map((each) => (
            <option key={JSON.stringify(each)} value={JSON.stringify(each)}>
              {typeof each === 'string' ? readable(each) : String(each)}
            </option>
          ))}
        </select>
      )
    case 'yes or no':
      if (field.required)
        return (
          <input
            {...attributes}
            type="checkbox"
            checked={draft === true}
            onChange={(event) => onDraft(event.currentTarget.checked)}
          />
        )
      return (
        <select
          {...attributes}
          value={String(draft ?? '')}
          onChange={({ currentTarget }) =>
            onDraft(currentTarget.value === '' ? undefined : currentTarget.value === 'true')
          }
        >
          <option value="">{t('objects.nothing')}</option>
          <option value="true">{t('objects.yes')}</option>
          <option value="false">{t('objects.no')}</option>
        </select>
      )
    case 'date':
      return <input {...attributes} type="date" value={value} onInput={typed} />
    case 'time':
    case 'local time':
      return (
        <input
          {...attributes}
          type="datetime-local"
          step={field.kind === 'time' ? 60 : 1}
          value={value}
          onInput={typed}
        />
      )
    case 'number':
      return <input {...attributes} inputmode="numeric" autocomplete="off" value={value} onInput={typed} />
    case 'address':
      return (
        <input
          {...attributes}
          inputmode="url"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          value={value}
          onInput={typed}
        />
      )
    default:
      return <input {...attributes} autocomplete="off" dir="auto" value={value} onInput={typed} />
  }
}

/** Rows of a list, of words, or of names with values, each with a way to take it out. */
function RowInputs({ field, draft, onDraft, problems, path }: InputProps) {
  const rows = Array.isArray(draft) ? (draft as readonly Row[]) : []
  const id = useId()
  const item: Field = field.item ?? { ...field, kind: 'text', required: true, schema: field.schema.propertyNames ?? {} }
  const change = (index: number, changed: Partial<Row>): void =>
    onDraft(rows.map((each, at) => (at === index ? { ...each, ...changed } : each)))
  const add = (): void => {
    onDraft([...rows, row('', item.kind === 'yes or no' ? false : '')])
    requestAnimationFrame(() =>
      document.getElementById(id)?.querySelector<HTMLElement>('li:last-child :is(input, select, textarea)')?.focus(),
    )
  }
  const takeOut = (index: number): void => {
    onDraft(rows.filter((_, at) => at !== index))
    document.getElementById(id)?.querySelector<HTMLElement>('button.add')?.focus()
  }
  return (
    <div id={id} class="stack tight">
      <ul class="stack tight">
        {rows.map((each, index) => {
          const label = t('objects.entry', { label: fieldLabel(field), number: index + 1 })
          return (
            <li key={each.id} class="row">
              {field.kind === 'map' && (
                <input
                  aria-label={t('objects.entry-name', { label })}
                  value={each.name}
                  dir="auto"
                  autocomplete="off"
                  onInput={({ currentTarget }) => change(index, { name: currentTarget.value })}
                />
              )}
              <Bare
                field={{ ...item, required: true }}
                draft={each.value}
                onDraft={(value) => change(index, { value })}
                problems={problems}
                path={path}
                attributes={{ 'aria-label': label }}
              />
              <button
                type="button"
                class="quiet icon-only"
                aria-label={t('objects.take-out', { label })}
                onClick={() => takeOut(index)}
              >
                <Icon of={X} />
              </button>
            </li>
          )
        })}
      </ul>
      <button
        type="button"
        class="add quiet"
        onClick={add}
        aria-label={t('objects.add-entry', { label: fieldLabel(field) })}
      >
        <Icon of={Plus} />
        {t('objects.add')}
      </button>
    </div>
  )
}
