/** The page in German; one that lacks a text does not build. */

import common from './common.json'
import home from './home.json'
import collections from './collections.json'
import tasks from './tasks.json'
import agenda from './agenda.json'
import contacts from './contacts.json'
import documents from './documents.json'
import people from './people.json'
import search from './search.json'
import history from './history.json'
import settings from './settings.json'
import published from './published.json'
import objects from './objects.json'
import widget from './widget.json'

import type { Texts } from '../texts'

export const de: Texts = {
  ...common,
  ...home,
  ...collections,
  ...tasks,
  ...agenda,
  ...contacts,
  ...documents,
  ...people,
  ...search,
  ...history,
  ...settings,
  ...published,
  ...objects,
  ...widget,
}
