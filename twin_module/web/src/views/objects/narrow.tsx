/** What a list is narrowed down and sorted by, as its capability declares it. */

import { useId } from 'preact/hooks'
import { Field } from '../../parts/form'
import { clean } from '../../parts/names'
import { t } from '../../texts/texts'
import type { Json, TwinObject } from '../../twin/types'
import { isRange, type Filtered } from './declared'
import { wordFor } from './names'
import { sortsOf, USUAL, type Wanted } from './order'
import { isMap, readable, valueAt } from './schema'

interface Props {
  filters: readonly Filtered[]
  wanted: Wanted
  onWanted: (wanted: Wanted) => void
  /** Objects of the list, whose values are offered. */
  objects: readonly TwinObject[]
}

/** So many values are offered while one types. */
const MOST_OFFERED = 50

export function Narrow({ filters, wanted, onWanted, objects }: Props) {
  const set = (name: string, value: string): void =>
    onWanted({ ...wanted, values: { ...wanted.values, [name]: value } })
  const filtered = Object.values(wanted.values).some((value) => value !== '')
  return (
    <div class="narrow">
      <Field label={t('objects.sort')}>
        {(ids) => (
          <select
            {...ids}
            value={wanted.sort}
            onChange={({ currentTarget }) => onWanted({ ...wanted, sort: currentTarget.value })}
          >
            {sortsOf(filters).map((sort) => (
              <option key={sort} value={sort}>
                {sort === '-updated'
                  ? t('objects.sort-updated')
                  : sort === 'title'
                    ? t('objects.sort-title')
                    : labelOf(filters.find(({ name }) => name === sort)!)}
              </option>
            ))}
          </select>
        )}
      </Field>
      {filters.map((filter) => (
        <One key={filter.name} filter={filter} values={wanted.values} onValue={set} objects={objects} />
      ))}
      {filtered && (
        <button type="button" class="quiet" onClick={() => onWanted({ ...USUAL, sort: wanted.sort })}>
          {t('objects.all')}
        </button>
      )}
    </div>
  )
}

const labelOf = (filter: Filtered): string => filter.path?.at(-1)?.schema.title ?? wordFor(filter.name, filter.label)

interface OneProps {
  filter: Filtered
  values: Wanted['values']
  onValue: (name: string, value: string) => void
  objects: readonly TwinObject[]
}

function One({ filter, values, onValue, objects }: OneProps) {
  const list = useId()
  const field = filter.path?.at(-1)
  const input = (name: string) => ({
    value: values[name] ?? '',
    onInput: ({ currentTarget }: { currentTarget: { value: string } }) => onValue(name, currentTarget.value),
  })
  if (isRange(filter)) {
    const kind =
      filter.sort === 'number' ? ({ inputmode: 'numeric', pattern: '[0-9]*' } as const) : ({ type: 'date' } as const)
    return (
      <>
        <Field label={t('objects.from', { label: labelOf(filter) })}>
          {(ids) => <input {...ids} {...kind} {...input(`${filter.name}.from`)} />}
        </Field>
        <Field label={t('objects.to', { label: labelOf(filter) })}>
          {(ids) => <input {...ids} {...kind} {...input(`${filter.name}.to`)} />}
        </Field>
      </>
    )
  }
  if (field?.kind === 'choice') {
    return (
      <Field label={labelOf(filter)}>
        {(ids) => (
          <select
            {...ids}
            value={values[filter.name] ?? ''}
            onChange={({ currentTarget }) => onValue(filter.name, currentTarget.value)}
          >
            <option value="">{t('objects.any')}</option>
            {field.schema.enum?.map((each) => (
              <option key={String(each)} value={String(each)}>
                {readable(String(each))}
              </option>
            ))}
          </select>
        )}
      </Field>
    )
  }
  return (
    <Field label={labelOf(filter)}>
      {(ids) => (
        <>
          <input {...ids} list={list} autocomplete="off" autocapitalize="none" {...input(filter.name)} />
          <datalist id={list}>
            {offered(filter, objects).map((each) => (
              <option key={each} value={each} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  )
}

/** Returns values that objects have, for who does not know them by heart. */
function offered(filter: Filtered, objects: readonly TwinObject[]): string[] {
  if (filter.path === undefined) return []
  const found = new Set<string>()
  for (const each of objects) {
    for (const word of words(valueAt(each.content, filter.path))) if (word === clean(word)) found.add(word)
    if (found.size >= MOST_OFFERED) break
  }
  return [...found].sort()
}

function words(value: Json | undefined): string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.flatMap((each) => (typeof each === 'string' ? [each] : []))
  return isMap(value) ? Object.keys(value) : []
}
