/** The shapes of the twin's API, as `openapi.json` describes them. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type Content = { [key: string]: Json }

/** Where an object is: a room, a capability, and the object's own name there. */
export interface Place {
  room_id: string
  capability: string
  uid: string
}

export interface TwinObject extends Place {
  type: string
  /** The revision: the ID of the object's current event. */
  etag: string
  sender: string
  /** Milliseconds since 1970. */
  updated: number
  title: string
  content: Content
  /** Why the current event is left out; `content` is then the last that fitted. */
  problem?: string
}

export type Kind = 'index' | 'collection' | 'circle' | 'other'
/** Who made a room is its owner. */
export type Role = 'viewer' | 'editor' | 'admin' | 'owner' | null

export interface Room {
  room_id: string
  kind: Kind
  membership: string
  name: string | null
  topic: string | null
  creator: string | null
  role: Role
  inviter?: string
}

/** Why somebody is in a room. */
export interface Because {
  circle?: string
  name?: string
  invited?: boolean
  creator?: boolean
}

export interface Member {
  user_id: string
  membership: string
  role: Role
  displayname: string | null
  because?: Because[]
}

export interface RoomDetails extends Room {
  members: Member[]
  shares: { circle: string; role: string }[]
}

export interface Person {
  user_id: string
  displayname: string | null
  circles: { room_id: string; name: string | null; role: Role; membership: string }[]
  collections: number
  membership: string
  /** The collections that they are in, or were asked into. */
  shared: { room_id: string; membership: string }[]
}

/** What a circle may do in a collection. */
export interface Share {
  circle: string
  room_id: string
  role: Role
}

export interface Chat {
  room_id: string
  name: string
  unread: number
  highlights: number
  last_ts: number
  direct: boolean
  uri: string
  with: string[]
}

export interface Schema {
  type?: string | string[]
  const?: Json
  enum?: Json[]
  title?: string
  description?: string
  properties?: { [name: string]: Schema }
  required?: string[]
  additionalProperties?: boolean | Schema
  propertyNames?: Schema
  items?: Schema
  anyOf?: Schema[]
  oneOf?: Schema[]
  pattern?: string
  format?: string
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  minItems?: number
  maxItems?: number
  maxProperties?: number
  uniqueItems?: boolean
  default?: Json
}

export interface CapabilityEvent {
  type: string
  summary: string
  state_key: string
  schema: Schema
  example: Content
  filters: { [name: string]: 'word' | 'words' | 'number' }
}

export interface Capability {
  name: string
  summary: string
  events: CapabilityEvent[]
  commands: { [name: string]: { summary: string; arguments: Schema } }
}

export interface Card {
  server_name: string
  owner: string
  displayname?: string
  capabilities: string[]
  verify_keys: { [id: string]: { key: string } }
}

/** What became of one write. */
export interface Written {
  room_id: string
  type: string
  uid: string
  etag: string
  changed: boolean
}
