// Topics in Lua. KEYS[1] is the stream with the messages of a topic, KEYS[2] a hash beside it:
//   epoch  names this life of the log; offsets count from 1 in each
//   first  the offset of the oldest message in the stream, and `last` that of the newest one ever published
//   bytes  the size of all messages in the stream
//   at     when the newest one was published, in ms, and `tag` the process that published it
//
// KEYS[3], for a message with a key: a string with the position of the first message that had this key.
//
// Ids in the stream are `0-<offset>`; each message has its data (d), the tag of the process that published it (g), and when (t).
import { NOW, script } from './scripts.ts'

/**
 * `open(age, epoch, known)`: reads the state of the log into locals. Creates the log, with the given epoch, if there is
 * none, or if it has lost messages: `known` is the position (epoch, offset, tag) that the asking process has seen itself, and
 * the number of messages must match first and last.
 */
const OPEN = `${NOW}
local epoch, first, last, bytes
local function begin(new)
  redis.call('DEL', KEYS[1])
  epoch, first, last, bytes = new, 1, 0, 0
  redis.call('HSET', KEYS[2], 'epoch', epoch, 'first', first, 'last', last, 'bytes', bytes, 'at', now, 'tag', '')
end
local function open(age, new, known_epoch, known_offset, known_tag)
  local h = redis.call('HMGET', KEYS[2], 'epoch', 'first', 'last', 'bytes', 'at', 'tag')
  if not h[1] then return begin(new) end
  epoch, first, last, bytes = h[1], tonumber(h[2]), tonumber(h[3]), tonumber(h[4])
  local known = known_epoch == epoch and tonumber(known_offset)
  if known and (known > last or (known == last and known_tag ~= '' and known_tag ~= h[6])) then return begin(new) end
  if now - tonumber(h[5]) > age then
    redis.call('DEL', KEYS[1])
    first, bytes = last + 1, 0
    redis.call('HSET', KEYS[2], 'first', first, 'bytes', bytes)
  elseif redis.call('XLEN', KEYS[1]) ~= last - first + 1 then return begin(new) end
end`

/**
 * The topics of a session are a set (KEYS[3] of scripts.ts): `+<topic>` for a subscription, `-<topic>` for one that has ended
 * without the client having confirmed that.
 */
export const subscribedTopics = (members: string[]) => withSign(members, '+')
export const leftTopics = (members: string[]) => withSign(members, '-')
const withSign = (members: string[], sign: string) =>
  members.filter((member) => member.startsWith(sign)).map((member) => member.slice(1))

/** ARGV: topic, time to keep the set in ms. Returns {1}; nothing if the session does not exist, or is over. */
export const JOIN = script(`
local h = redis.call('HMGET', KEYS[1], 'owner', 'over')
if not h[1] or h[2] then return {} end
redis.call('SADD', KEYS[3], '+' .. ARGV[1])
redis.call('SREM', KEYS[3], '-' .. ARGV[1])
redis.call('PEXPIRE', KEYS[3], ARGV[2])
return {1}`)

/**
 * ARGV: topic; 1 if the client has not confirmed the end; time to keep the set in ms. With 1, returns {owner}, unless the
 * session is over or unknown.
 */
export const LEAVE = script(`
redis.call('SREM', KEYS[3], '+' .. ARGV[1])
local h = redis.call('HMGET', KEYS[1], 'owner', 'over')
if ARGV[2] ~= '1' or not h[1] or h[2] then
  redis.call('SREM', KEYS[3], '-' .. ARGV[1])
  return {}
end
redis.call('SADD', KEYS[3], '-' .. ARGV[1])
redis.call('PEXPIRE', KEYS[3], ARGV[3])
return {h[1]}`)

/**
 * Publishes one message: one write, whatever the number of subscribers and processes. The oldest messages leave when there are
 * too many, in number, bytes or age.
 *
 * ARGV: epoch for a log that begins; known epoch, offset and tag; age in ms; most messages; most bytes; tag; channel; time to
 * keep the hash, in ms; data; time to keep the key, in ms. Returns {epoch, offset}, and 1 if the key was used before.
 */
export const PUBLISH = script(`${OPEN}
local age, messages, most, tag, data = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8], ARGV[11]
open(age, ARGV[1], ARGV[2], ARGV[3], ARGV[4])
if KEYS[3] then
  local known_epoch, offset = string.match(redis.call('GET', KEYS[3]) or '', '^(%S+) (%d+)$')
  if known_epoch == epoch then return {epoch, offset, 1} end
end
last = last + 1
redis.call('XADD', KEYS[1], '0-' .. last, 'd', data, 'g', tag, 't', now)
bytes = bytes + #data
-- Age alone is checked at every 16th message.
local full = last - first >= messages or bytes > most or last % 16 == 0
while full and first < last do
  local oldest = redis.call('XRANGE', KEYS[1], '0-' .. first, '+', 'COUNT', 1)[1][2]
  if last - first < messages and bytes <= most and now - tonumber(oldest[6]) <= age then break end
  bytes = bytes - #oldest[2]
  first = first + 1
  redis.call('XTRIM', KEYS[1], 'MINID', '0-' .. first)
end
redis.call('HSET', KEYS[2], 'first', first, 'last', last, 'bytes', bytes, 'at', now, 'tag', tag)
redis.call('PEXPIRE', KEYS[1], age)
redis.call('PEXPIRE', KEYS[2], ARGV[10])
if KEYS[3] then redis.call('SET', KEYS[3], epoch .. ' ' .. last, 'PX', ARGV[12]) end
redis.call('PUBLISH', ARGV[9], epoch .. ' ' .. last .. ' ' .. tag .. ' ' .. data)
return {epoch, last}`)

/**
 * ARGV: epoch for a log that begins; known epoch, offset and tag; age in ms; after which offset; how many messages, and about how
 * many bytes, at most; time to keep the hash, in ms. Returns {epoch, offset of the newest message, offset of the first one
 * returned, tag of the last one returned, messages}.
 */
export const READ_TOPIC = script(`${OPEN}
local age, after, limit, most = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
open(age, ARGV[1], ARGV[2], ARGV[3], ARGV[4])
-- Is the message that the asking process has seen still the one that is there?
local known = ARGV[2] == epoch and ARGV[4] ~= '' and tonumber(ARGV[3])
if known and known >= first and known < last then
  local seen = redis.call('XRANGE', KEYS[1], '0-' .. known, '0-' .. known)[1]
  if not seen or seen[2][4] ~= ARGV[4] then begin(ARGV[1]) end
end
redis.call('PEXPIRE', KEYS[2], ARGV[9])
local from = math.max(after + 1, first)
local messages, tag, size = {}, '', 0
while #messages < limit and size < most and from + #messages <= last do
  local at = from + #messages
  local count = math.min(50, limit - #messages)
  local entries = redis.call('XRANGE', KEYS[1], '0-' .. at, '+', 'COUNT', count)
  if #entries == 0 then break end
  for _, entry in ipairs(entries) do
    if now - tonumber(entry[2][6]) > age and #messages == 0 then
      from = from + 1
    elseif size < most then
      messages[#messages + 1] = entry[2][2]
      size, tag = size + #entry[2][2], entry[2][4]
    end
  end
end
return {epoch, last, from, tag, messages}`)
