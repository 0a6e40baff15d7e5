// Each is one step that nothing comes between. KEYS: the session's hash, its stream. Numbers of the stream are the
// numbers of the messages. A session that is over, or away for too long, is its own tombstone.

/** ARGV: n, got or '', principal, node, ttl and time to keep in ms, whether to take it from its owner. */
export const CLAIM = `
local s = redis.call('HMGET', KEYS[1], 'principal', 'n', 'owner', 'got', 'acked', 'over', 'away')
if not s[1] then
  if ARGV[2] ~= '' then return {'gone'} end
  redis.call('HSET', KEYS[1], 'principal', ARGV[3], 'n', ARGV[1], 'owner', ARGV[4], 'got', 0, 'acked', 0, 'sent', 0)
  redis.call('PEXPIRE', KEYS[1], ARGV[6])
  return {'made'}
end
if s[1] ~= ARGV[3] then return {'denied'} end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
if s[6] or (s[7] and now - tonumber(s[7]) > tonumber(ARGV[5])) then return {'gone', s[4]} end
if tonumber(ARGV[1]) <= tonumber(s[2]) then return {'stale'} end
if s[3] ~= '' and s[3] ~= ARGV[4] and ARGV[7] == '0' then return {'owned', s[3]} end
redis.call('HSET', KEYS[1], 'n', ARGV[1], 'owner', ARGV[4])
redis.call('HDEL', KEYS[1], 'away', 'batch')
redis.call('PEXPIRE', KEYS[1], ARGV[6])
redis.call('PEXPIRE', KEYS[2], ARGV[6])
local items = {}
for _, entry in ipairs(redis.call('XRANGE', KEYS[2], '(' .. s[5] .. '-0', '+')) do items[#items + 1] = entry[2][2] end
return {'found', s[4], s[5], items}`

/** ARGV: n, node, got, acked, time to keep, batch, messages. A batch that was here already changes nothing. */
export const WRITE = `
local s = redis.call('HMGET', KEYS[1], 'n', 'owner', 'sent', 'over', 'batch', 'before')
if not s[1] then return {'forgotten'} end
if s[1] ~= ARGV[1] or s[2] ~= ARGV[2] or s[4] then return {'fenced'} end
if s[5] == ARGV[6] then return {'stored', s[6]} end
local sent = tonumber(s[3])
for i = 7, #ARGV do
  sent = sent + 1
  redis.call('XADD', KEYS[2], sent .. '-0', 'd', ARGV[i])
end
redis.call('HSET', KEYS[1], 'got', ARGV[3], 'acked', ARGV[4], 'sent', sent, 'batch', ARGV[6], 'before', s[3])
redis.call('XTRIM', KEYS[2], 'MINID', (tonumber(ARGV[4]) + 1) .. '-0')
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
return {'stored', s[3]}`

/** ARGV: most messages held, time to keep, messages. Answers with the owner, who must be woken; nothing if refused. */
export const APPEND = `
local s = redis.call('HMGET', KEYS[1], 'owner', 'sent', 'acked', 'over')
if not s[1] or s[4] then return {} end
local sent = tonumber(s[2])
if sent - tonumber(s[3]) + #ARGV - 2 > tonumber(ARGV[1]) then return {} end
for i = 3, #ARGV do
  sent = sent + 1
  redis.call('XADD', KEYS[2], sent .. '-0', 'd', ARGV[i])
end
redis.call('HSET', KEYS[1], 'sent', sent)
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return {s[1]}`

/** ARGV: n, node. */
export const RELEASE = `
local s = redis.call('HMGET', KEYS[1], 'n', 'owner')
if s[1] ~= ARGV[1] or s[2] ~= ARGV[2] then return {} end
local t = redis.call('TIME')
redis.call('HSET', KEYS[1], 'owner', '', 'away', t[1] * 1000 + math.floor(t[2] / 1000))
return {}`

/** ARGV: n, got, time to keep. */
export const END = `
if redis.call('HGET', KEYS[1], 'n') ~= ARGV[1] then return {} end
redis.call('HSET', KEYS[1], 'over', 1, 'got', ARGV[2], 'owner', '')
redis.call('DEL', KEYS[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return {}`

/** ARGV: node, which does not know the session any more. */
export const DISOWN = `
if redis.call('HGET', KEYS[1], 'owner') == ARGV[1] then redis.call('HSET', KEYS[1], 'owner', '') end
return {}`

/** ARGV: time to keep. Ends a session that nobody has; not one that somebody has. */
export const EVICT = `
local owner = redis.call('HGET', KEYS[1], 'owner')
if owner and owner ~= '' then return {'owned'} end
if owner then
  redis.call('HSET', KEYS[1], 'over', 1)
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
redis.call('DEL', KEYS[2])
return {}`
