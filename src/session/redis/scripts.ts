// The steps that must not be interrupted, in Lua. All keys of one script lie in one slot of a Redis Cluster: those of one
// session, those of one topic, or a single key.
//
// A session is a hash, the stream of its messages to the client, and the set of the topics that it is subscribed to
// (KEYS[1], KEYS[2], KEYS[3]). Fields of the hash:
//   principal  the name of the principal
//   n          the highest attempt number that was admitted
//   owner      the ownership that may write: `<process>:<counter>`; empty while no process has the session
//   got        how many messages of the client are handled
//   acked      how many messages to the client it has acknowledged
//   sent       how many messages to the client were ever stored. The stream holds number acked + 1 to number sent
//   batch      the number of the owner's last write, and `before`: what `sent` was before it
//   tags       the tags of the newest messages, newest first: `<first number with this tag>=<tag> …`
//   past       the last writes of earlier owners, newest first: `<owner>=<batch> <owner>=<batch> …`
//   fresh      1 as long as the client may not know that the session exists
//   away       since when no process owns it, in ms
//   over       set once it has ended: the hash is then its tombstone. `told`: the application was notified of it
//
// Ids in the stream are `<number of the message>-<tag of the process that stored it>`.

/** A script, and the SHA-1 by which Redis knows it. */
export interface Script {
  readonly lua: string
  readonly sha1: Promise<string>
}

export function script(lua: string): Script {
  const digest = crypto.subtle.digest('SHA-1', new TextEncoder().encode(lua))
  const hex = (bytes: ArrayBuffer) =>
    [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return { lua, sha1: digest.then(hex) }
}

/** The clock of Redis in ms: the processes' own clocks may differ, and may be set. */
export const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`

/** `release(hash)`: no process owns the session any more. Its owner's last write is remembered, for its owner. */
const RELEASE_OWNER = `
local function release(away)
  local h = redis.call('HMGET', KEYS[1], 'owner', 'batch', 'past')
  local past = h[1] .. '=' .. (h[2] or 0) .. ' ' .. (h[3] or '')
  redis.call('HSET', KEYS[1], 'owner', '', 'away', away, 'past', string.sub(past, 1, 400))
end`

/** `marked(tags, first, tag)`: the field `tags` after messages from number `first` on were stored with `tag`. */
const MARKED = `
local function marked(tags, first, tag)
  if tags and string.match(tags, '^%d+=(%d+) ') == tag then return tags end
  return string.sub(first .. '=' .. tag .. ' ' .. (tags or ''), 1, 300)
end`

/**
 * Takes a session for an attempt of its client, or creates it. Compares what the store has with what must be there: a store
 * that has lost writes (a promoted replica, a restored snapshot, an evicted key) is noticed here, and the session ends.
 *
 * ARGV: attempt number; how many messages the client has, or ''; principal; the new ownership; the process; an ownership
 * that may be taken from its process, or ''; time to keep in ms. A session that is away for too long is ended by INSPECT, not
 * here: after an outage of Redis, its client may only be late.
 * Returns {'created' | 'resumed', got, acked, messages, topics}; {'owned', owner}; or why not: {'denied'}, {'stale'},
 * {'gone', got}; {'lost'} when data is missing.
 */
export const CLAIM = script(`${NOW}${RELEASE_OWNER}
local n, client, principal, ownership, process = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local free, keep = ARGV[6], ARGV[7]
local h = redis.call('HMGET', KEYS[1], 'principal', 'n', 'owner', 'got', 'acked', 'sent', 'over', 'fresh')
if not h[1] then
  if client ~= '' then return {'gone'} end
  redis.call('DEL', KEYS[2], KEYS[3])
  redis.call('HSET', KEYS[1], 'principal', principal, 'n', n, 'owner', ownership, 'got', 0, 'acked', 0, 'sent', 0,
    'batch', 0, 'fresh', 1)
  redis.call('PEXPIRE', KEYS[1], keep)
  return {'created', 0, 0, {}, {}}
end
local owner, acked, sent = h[3], tonumber(h[5]), tonumber(h[6])
if h[1] ~= principal then return {'denied'} end
if h[7] then return {'gone', h[4]} end
if n <= tonumber(h[2]) then return {'stale'} end
local function lost()
  redis.call('HSET', KEYS[1], 'over', 1, 'owner', '')
  redis.call('DEL', KEYS[2])
  return {'lost'}
end
-- Nothing is sent before the owner's first write, which ends \`fresh\`.
if tonumber(client ~= '' and client or 0) > (h[8] == '1' and 0 or sent) then return lost() end
local mine = string.sub(owner, 1, #process + 1) == process .. ':'
if owner ~= '' and not mine and owner ~= free then return {'owned', owner} end
local messages = {}
for _, entry in ipairs(redis.call('XRANGE', KEYS[2], acked + 1, '+')) do messages[#messages + 1] = entry[2][2] end
if #messages ~= sent - acked then return lost() end
if owner ~= '' then release(now) end
redis.call('HSET', KEYS[1], 'n', n, 'owner', ownership, 'batch', 0)
redis.call('HDEL', KEYS[1], 'away')
for i = 1, 3 do redis.call('PEXPIRE', KEYS[i], keep) end
return {h[8] == '1' and 'created' or 'resumed', h[4], h[5], messages, redis.call('SMEMBERS', KEYS[3])}`)

/**
 * A new connection of a session that its process goes on with: only the attempt number changes.
 *
 * ARGV: attempt number, how many messages the client has, principal, ownership, time to keep in ms.
 * Returns {'held'}; {'moved'} when another process has it; or why not, as CLAIM does.
 */
export const HOLD = script(`
local n = tonumber(ARGV[1])
local h = redis.call('HMGET', KEYS[1], 'principal', 'n', 'owner', 'got', 'sent', 'over')
if not h[1] then return {'gone'} end
if h[1] ~= ARGV[3] then return {'denied'} end
if h[6] then return {'gone', h[4]} end
if n <= tonumber(h[2]) then return {'stale'} end
if h[3] ~= ARGV[4] then return {'moved'} end
if tonumber(ARGV[2]) > tonumber(h[5]) then
  redis.call('HSET', KEYS[1], 'over', 1, 'owner', '')
  redis.call('DEL', KEYS[2])
  return {'lost'}
end
redis.call('HSET', KEYS[1], 'n', n)
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return {'held'}`)

/**
 * The owner's write: stores messages to the client, and how far each direction has come. Written twice, it is stored once. The
 * owner's last write that had messages in it, or saw some, must be there: otherwise the store has lost writes. Counts that were
 * lost are written again here.
 *
 * ARGV: ownership, attempt number, got, acked, number of that batch and of this one, tag, time to keep in ms, messages.
 * Returns {'stored', number of the message before these}; {'fenced', last writes of earlier owners}; {'over', 1 or 'told'} when it was
 * ended elsewhere; {'lost'} when the store has lost writes.
 */
export const WRITE = script(`${MARKED}
local owner, n, relied, batch, tag = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7]
local h = redis.call('HMGET', KEYS[1], 'n', 'owner', 'sent', 'over', 'batch', 'before', 'past', 'tags')
if not h[1] then return {'lost'} end
if tonumber(h[1]) < n and not h[4] then
  redis.call('HSET', KEYS[1], 'over', 1, 'owner', '')
  redis.call('DEL', KEYS[2])
  return {'lost'}
end
if h[4] then return {'over', h[4]} end
if h[2] ~= owner then return {'fenced', h[7] or ''} end
local last = tonumber(h[5])
if last >= batch then return {'stored', h[6]} end
if last < relied then return {'lost'} end
local sent = tonumber(h[3])
for i = 9, #ARGV do
  sent = sent + 1
  redis.call('XADD', KEYS[2], sent .. '-' .. tag, 'd', ARGV[i])
end
if #ARGV > 8 then redis.call('HSET', KEYS[1], 'tags', marked(h[8], h[3] + 1, tag)) end
redis.call('HSET', KEYS[1], 'got', ARGV[3], 'acked', ARGV[4], 'sent', sent, 'batch', batch, 'before', h[3], 'fresh', 0)
redis.call('XTRIM', KEYS[2], 'MINID', tonumber(ARGV[4]) + 1)
for i = 1, 3 do redis.call('PEXPIRE', KEYS[i], ARGV[8]) end
return {'stored', h[3]}`)

/** The messages number ARGV[1] to number ARGV[2] of a session. A script, so that no replica is asked. */
export const READ = script(`
local messages = {}
for _, entry in ipairs(redis.call('XRANGE', KEYS[2], ARGV[1], ARGV[2])) do messages[#messages + 1] = entry[2][2] end
return messages`)

/**
 * Stores messages from a process that does not own the session. Repeated with the same tag, it stores them once.
 *
 * ARGV: how many messages may be held, time to keep in ms, tag, messages. Returns {owner, number of the last one}; nothing
 * where there is no such session, or no room.
 */
export const APPEND = script(`${MARKED}
local h = redis.call('HMGET', KEYS[1], 'owner', 'sent', 'acked', 'over', 'tags')
if not h[1] or h[4] then return {} end
local sent = tonumber(h[2])
local known = string.match(h[5] or '', '(%d+)=' .. ARGV[3] .. ' ')
if known then return {h[1], known + #ARGV - 4} end
if sent - tonumber(h[3]) + #ARGV - 3 > tonumber(ARGV[1]) then return {} end
for i = 4, #ARGV do
  sent = sent + 1
  redis.call('XADD', KEYS[2], sent .. '-' .. ARGV[3], 'd', ARGV[i])
end
redis.call('HSET', KEYS[1], 'sent', sent, 'tags', marked(h[5], h[2] + 1, ARGV[3]))
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return {h[1], sent}`)

/**
 * After a failover: is the message that this process stored still there? If not, the session has lost messages that were
 * accepted, and ends. Another message may have its number by now, and the client may have acknowledged it. ARGV: number of the message, tag. Returns the owner, who must be notified, if it has ended now.
 */
export const VERIFY = script(`
local h = redis.call('HMGET', KEYS[1], 'owner', 'sent', 'acked', 'over', 'tags')
if not h[1] or h[4] then return {} end
local number = tonumber(ARGV[1])
local there = tonumber(h[2]) >= number
if there and number > tonumber(h[3]) then
  local entry = redis.call('XRANGE', KEYS[2], number, number)[1]
  there = entry and entry[1] == number .. '-' .. ARGV[2]
elseif there then
  local tags = h[5] or ''
  while tags do
    local first, tag, older = string.match(tags, '^(%d+)=(%d+) (.*)$')
    if first and tonumber(first) <= number then
      there = tag == ARGV[2]
      break
    end
    tags = older
  end
end
if there then return {} end
redis.call('HSET', KEYS[1], 'over', 1)
redis.call('DEL', KEYS[2])
return {h[1]}`)

/**
 * The owner releases the session. If the store has lost its last write, the session ends: nobody else would notice.
 * ARGV: ownership; from when on the session counts as away, in ms from now; number of that write, as in WRITE. Returns {1}
 * unless another process has the session, or it is over.
 */
export const RELEASE = script(`${NOW}${RELEASE_OWNER}
local h = redis.call('HMGET', KEYS[1], 'owner', 'batch', 'over')
if h[1] ~= ARGV[1] or h[3] then return {} end
if tonumber(h[2]) < tonumber(ARGV[3]) then
  redis.call('HSET', KEYS[1], 'over', 1, 'owner', '')
  redis.call('DEL', KEYS[2])
  return {}
end
release(now + ARGV[2])
redis.call('HSET', KEYS[1], 'fresh', 0)
return {1}`)

/** A process does not have the session that it is said to own. ARGV: process. */
export const DISOWN = script(`${NOW}${RELEASE_OWNER}
local owner = redis.call('HGET', KEYS[1], 'owner')
if owner and string.sub(owner, 1, #ARGV[1] + 1) == ARGV[1] .. ':' then release(now) end
return {}`)

/** Ends the session; its hash stays as its tombstone. ARGV: ownership, attempt number, got, time to keep in ms.
 * Returns {principal}, or {} if the session does not exist, or {'', 'moved'} if another process owns it. */
export const END = script(`
local h = redis.call('HMGET', KEYS[1], 'owner', 'n', 'principal')
if not h[1] then return {} end
if h[1] ~= ARGV[1] and h[2] ~= ARGV[2] then return {'', 'moved'} end
redis.call('HSET', KEYS[1], 'over', 1, 'got', ARGV[3], 'owner', '')
redis.call('DEL', KEYS[2], KEYS[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {h[3]}`)

/** The state of a session. Returns {principal, owner, away or '', 1 if it ever carried a message, 1 if it is over}, or nothing. */
export const STATE = script(`
local h = redis.call('HMGET', KEYS[1], 'principal', 'owner', 'away', 'got', 'sent', 'over')
if not h[1] then return {} end
return {h[1], h[2], h[3] or '', (h[4] ~= '0' or h[5] ~= '0') and 1 or 0, h[6] and 1 or 0}`)

/**
 * Ends a session to make room for another one, if its owner is still the one that was seen: '' or a process that died.
 * ARGV: owner, time to keep in ms. Returns {principal, acked, sent, topics} if it ended now.
 */
export const EVICT = script(`
local h = redis.call('HMGET', KEYS[1], 'owner', 'principal', 'acked', 'sent', 'over')
if not h[1] or h[1] ~= ARGV[1] or h[5] then return {} end
local topics = redis.call('SMEMBERS', KEYS[3])
redis.call('HSET', KEYS[1], 'over', 'told', 'owner', '')
redis.call('DEL', KEYS[2], KEYS[3])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {h[2], h[3], h[4], topics}`)

/**
 * Inspects a session that is due. Ends it if it has been away for too long; releases it if its owner has died.
 *
 * ARGV: ttl in ms; time to keep in ms; the shortest time for which the session of a dead process is kept, in ms; an owner
 * that has died, if one is known.
 * Returns {'none'}; {'over'}; {'owned', owner, principal}; {'away', ms until it ends, principal}; {'ended', principal, acked,
 * sent, topics}, only to the first caller.
 */
export const INSPECT = script(`${NOW}${RELEASE_OWNER}
local ttl, keep = tonumber(ARGV[1]), ARGV[2]
local h = redis.call('HMGET', KEYS[1], 'principal', 'owner', 'over', 'acked', 'sent', 'away')
if not h[1] then
  redis.call('DEL', KEYS[2], KEYS[3])
  return {'none'}
end
if h[3] then
  redis.call('DEL', KEYS[2], KEYS[3])
  return {'over'}
end
local away = tonumber(h[6] or now)
if ARGV[4] and h[2] == ARGV[4] then
  away = now + math.max(0, tonumber(ARGV[3]) - ttl)
  release(away)
  h[2] = ''
end
if h[2] ~= '' then
  for i = 1, 3 do redis.call('PEXPIRE', KEYS[i], keep) end
  return {'owned', h[2], h[1]}
end
if away + ttl > now then return {'away', away + ttl - now, h[1]} end
local topics = redis.call('SMEMBERS', KEYS[3])
redis.call('HSET', KEYS[1], 'over', 'told')
redis.call('PEXPIRE', KEYS[1], keep)
redis.call('DEL', KEYS[2], KEYS[3])
return {'ended', h[1], h[4], h[5], topics}`)

/**
 * KEYS: the sorted set of all sessions, by the time at which they are to be inspected; or of those of one principal. Adds one,
 * unless there are too many. ARGV: name, in how many ms, most, time to keep in ms or ''. Returns {1} if it is in the set now.
 */
export const ENTER = script(`${NOW}
if redis.call('ZADD', KEYS[1], 'XX', 'CH', now + ARGV[2], ARGV[1]) == 0 then
  if not redis.call('ZSCORE', KEYS[1], ARGV[1]) and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then return {0} end
  redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
end
if ARGV[4] ~= '' then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
return {1}`)

/** KEYS: the set of one principal's sessions. Returns all names, each followed by how long ago it was entered, in ms. */
export const SIBLINGS = script(`${NOW}
local found = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
for i = 2, #found, 2 do found[i] = now - tonumber(found[i]) end
return found`)

/** KEYS: the set of all sessions. Returns some of them, chosen at random. ARGV: how many. */
export const SAMPLE = script(`return redis.call('ZRANDMEMBER', KEYS[1], ARGV[1])`)

/**
 * KEYS: the set of all sessions. Returns those that are due, for this process to inspect; no other process receives them
 * meanwhile. ARGV: how many at most, and how long that may take, in ms.
 */
export const TAKE = script(`${NOW}
local names = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])
for _, name in ipairs(names) do redis.call('ZADD', KEYS[1], now + ARGV[2], name) end
return names`)

/** KEYS: the set of all sessions. ARGV: names, each followed by the ms until it is due again, or by '' for never. */
export const SETTLE = script(`${NOW}
for i = 1, #ARGV, 2 do
  if ARGV[i + 1] == '' then redis.call('ZREM', KEYS[1], ARGV[i])
  else redis.call('ZADD', KEYS[1], 'XX', now + ARGV[i + 1], ARGV[i]) end
end
return {}`)

/**
 * KEYS: the hash of all processes. Renews the lease of a process: `<alive since, without a gap> <last renewal>`, in ms.
 * ARGV: process; how long a lease lasts; how long a process that does not renew it is remembered.
 */
export const BEAT = script(`${NOW}
local since = now
local mine = redis.call('HGET', KEYS[1], ARGV[1])
if mine then
  local first, last = string.match(mine, '(%d+) (%d+)')
  if now - last <= tonumber(ARGV[2]) then since = tonumber(first) end
end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%d %d', since, now))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
if since == now then
  local all = redis.call('HGETALL', KEYS[1])
  for i = 1, #all, 2 do
    if now - string.match(all[i + 1], '%d+ (%d+)') > tonumber(ARGV[3]) then redis.call('HDEL', KEYS[1], all[i]) end
  end
end
return {}`)

/**
 * KEYS: the hash of all processes. Which are alive? Only a process that has itself been alive without a gap may judge that
 * another is dead: after an outage of Redis, no lease was renewed. ARGV: process; how long a lease lasts; how long the asking
 * process must have been alive. Returns {0} if it may not judge; {1, those alive}.
 */
export const JUDGE = script(`${NOW}
local alive = {0}
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local since, last = string.match(all[i + 1], '(%d+) (%d+)')
  if now - last <= tonumber(ARGV[2]) then
    alive[#alive + 1] = all[i]
    if all[i] == ARGV[1] and now - since >= tonumber(ARGV[3]) then alive[1] = 1 end
  end
end
return alive`)
