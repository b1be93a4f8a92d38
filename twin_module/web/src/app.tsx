/** Which view stands at which address. */

import { useEffect, useState } from 'preact/hooks'
import { Route, Router, Switch, useLocation } from 'wouter-preact'
import { meant, useExactLocation, useExactSearch } from './location'
import { Frame } from './parts/frame'
import { Later, later } from './parts/later'
import { places } from './places'
import { t } from './texts/texts'
import { HOME } from './twin/api'
import { tokenFromAddress } from './twin/session'
import { twin } from './twin/twin'
import type { Place } from './twin/types'
import { Away } from './views/away'
import { Home } from './views/home'
import { SignIn } from './views/sign-in'

const Collections = later(async () => (await import('./views/collections')).Collections)
const Collection = later(async () => (await import('./views/collection')).Collection)
const Tasks = later(async () => (await import('./views/tasks')).Tasks)
const Agenda = later(async () => (await import('./views/agenda')).Agenda)
const OneObject = later(async () => (await import('./views/object')).OneObject)
const History = later(async () => (await import('./views/history')).History)
const People = later(async () => (await import('./views/people')).People)
const Person = later(async () => (await import('./views/person')).Person)
const Circle = later(async () => (await import('./views/circle')).Circle)
const Search = later(async () => (await import('./views/search')).Search)
const Settings = later(async () => (await import('./views/settings')).Settings)
const Published = later(async () => (await import('./views/published')).Published)

export function App() {
  return (
    <Router base={HOME} hook={useExactLocation} searchHook={useExactSearch}>
      <Later>
        <Switch>
          <Route path="/p/:token/:capability/:uid">
            {({ token, capability, uid }) => <Published token={meant(token)} object={[meant(capability), meant(uid)]} />}
          </Route>
          <Route path="/p/:token">{({ token }) => <Published token={meant(token)} />}</Route>
          <Route>
            <Own />
          </Route>
        </Switch>
      </Later>
    </Router>
  )
}

/** The owner's own part: everything but what was published. */
function Own() {
  const [token] = useState(tokenFromAddress)
  useEffect(() => void twin.start(), [])
  switch (twin.stage.value) {
    case 'starting':
      return <p class="empty">{t('loading')}</p>
    case 'away':
      return <Away />
    case 'signed-out':
      return <SignIn token={token} />
    case 'signed-in':
      return <Views />
  }
}

function Views() {
  const [here] = useLocation()
  return (
    <Frame>
      <Later of={here}>
        <Switch>
          <Route path={places.home}>
            <Home />
          </Route>
          <Route path={places.collections}>
            <Collections />
          </Route>
          <Route path={places.tasks}>
            <Tasks />
          </Route>
          <Route path={places.agenda}>
            <Agenda />
          </Route>
          <Route path={places.people}>
            <People />
          </Route>
          <Route path="/people/:user">{({ user }) => <Person key={user} id={meant(user)} />}</Route>
          <Route path="/circles/:room">{({ room }) => <Circle key={room} roomId={meant(room)} />}</Route>
          <Route path={places.search}>
            <Search />
          </Route>
          <Route path={places.settings}>
            <Settings />
          </Route>
          <Route path="/c/:room/:capability/:uid/history">
            {({ room, capability, uid }) => <History key={uid} place={place(room, capability, uid)} />}
          </Route>
          <Route path="/c/:room/:capability/:uid">
            {({ room, capability, uid }) => <OneObject key={uid} place={place(room, capability, uid)} />}
          </Route>
          <Route path="/c/:room/:capability">
            {({ room, capability }) => <Collection key={room} roomId={meant(room)} capability={meant(capability)} />}
          </Route>
          <Route path="/c/:room">{({ room }) => <Collection key={room} roomId={meant(room)} />}</Route>
          <Route>
            <p class="empty">{t('error.no-such-page')}</p>
          </Route>
        </Switch>
      </Later>
    </Frame>
  )
}

function place(room: string, capability: string, uid: string): Place {
  return { room_id: meant(room), capability: meant(capability), uid: meant(uid) }
}
