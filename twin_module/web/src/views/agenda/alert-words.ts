/** When one is reminded, as people say it. */

import { timeOfDay } from '../../dates'
import { currentLocale, t } from '../../texts/texts'
import { dayBefore, leadOf } from './alerts'

/** Returns when an alert is, counted from the start of an event. */
export function alertSaid(offset: string | undefined, wholeDay: boolean): string {
  if (offset === undefined) return t('agenda.alert.otherwise')
  if (wholeDay) {
    const { days, minute } = dayBefore(offset)
    const time = timeOfDay(new Date(2000, 0, 1, 0, minute))
    return t('agenda.alert.of-day', { days, time })
  }
  const lead = leadOf(offset)
  if (lead === undefined) return t('agenda.alert.after')
  if (lead.count === 0) return t('agenda.alert.at-start')
  const format = new Intl.NumberFormat(currentLocale(), { style: 'unit', unit: lead.unit, unitDisplay: 'long' })
  return t('agenda.alert.before', { time: format.format(lead.count) })
}
