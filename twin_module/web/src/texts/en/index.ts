/** The page's texts, one file for each part of it. */

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

export const en = {
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
