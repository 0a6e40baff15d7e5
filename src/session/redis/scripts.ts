// Each is one step that nothing comes between. KEYS: the session's hash, its stream, and the set of all sessions by the time
// at which they are to be looked at. Numbers of the stream are the numbers of the messages. A session that is over, or away
// for too long, is its own tombstone. `fresh` is one whose making nobody has been told of for sure.

const NOW = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)`

/**
 * ARGV: n, got or '', principal, node, ttl and time to keep in ms, whether to take it from its owner, name, prefix, most
 * sessions in all, most of this principal or ''.
 */
export const CLAIM = `${NOW}
local s = redis.call('HMGET', KEYS[1], 'principal', 'n', 'owner', 'got', 'acked', 'over', 'away', 'fresh')
if not s[1] then
  if ARGV[2] ~= '' then return {'gone'} end
  if redis.call('ZCARD', KEYS[3]) >= tonumber(ARGV[10]) then return {'denied'} end
  if ARGV[11] ~= '' then
    local siblings = ARGV[9] .. 'principal:' .. ARGV[3]
    local count, first, since = 0
    for _, name in ipairs(redis.call('SMEMBERS', siblings)) do
      local hash = ARGV[9] .. '{' .. name .. '}:session'
      local h = redis.call('HMGET', hash, 'owner', 'away', 'over')
      if not h[1] or h[3] then
        redis.call('SREM', siblings, name)
      else
        count = count + 1
        local away = tonumber(h[2] or now)
        local alone = h[1] == '' or redis.call('EXISTS', ARGV[9] .. 'node:' .. h[1]) == 0
        if alone and not (first and since <= away) then first, since = name, away end
      end
    end
    if count >= tonumber(ARGV[11]) then
      if not first then return {'denied'} end
      redis.call('HSET', ARGV[9] .. '{' .. first .. '}:session', 'over', 1, 'owner', '')
      redis.call('ZADD', KEYS[3], 0, first)
      redis.call('SREM', siblings, first)
    end
    redis.call('SADD', siblings, ARGV[8])
    redis.call('PEXPIRE', siblings, ARGV[6])
  end
  redis.call('HSET', KEYS[1], 'principal', ARGV[3], 'n', ARGV[1], 'owner', ARGV[4], 'got', 0, 'acked', 0, 'sent', 0, 'fresh', 1)
  redis.call('PEXPIRE', KEYS[1], ARGV[6])
  redis.call('ZADD', KEYS[3], now + ARGV[5], ARGV[8])
  return {'created', 0, 0, {}}
end
if s[1] ~= ARGV[3] then return {'denied'} end
if s[6] or (s[7] and now - tonumber(s[7]) > tonumber(ARGV[5])) then return {'gone', s[4]} end
if tonumber(ARGV[1]) <= tonumber(s[2]) then return {'stale'} end
if s[3] ~= '' and s[3] ~= ARGV[4] and ARGV[7] == '0' then return {'owned', s[3]} end
redis.call('HSET', KEYS[1], 'n', ARGV[1], 'owner', ARGV[4])
redis.call('HDEL', KEYS[1], 'away', 'batch')
redis.call('PEXPIRE', KEYS[1], ARGV[6])
redis.call('PEXPIRE', KEYS[2], ARGV[6])
local items = {}
for _, entry in ipairs(redis.call('XRANGE', KEYS[2], '(' .. s[5] .. '-0', '+')) do items[#items + 1] = entry[2][2] end
return {s[8] == '1' and 'created' or 'resumed', s[4], s[5], items}`

/**
 * ARGV: n, node, got, acked, time to keep, batch, messages. A batch that was here already changes nothing. An older n than
 * ours is a record that went back in time.
 */
export const WRITE = `
local s = redis.call('HMGET', KEYS[1], 'n', 'owner', 'sent', 'over', 'batch', 'before')
if not s[1] or tonumber(s[1]) < tonumber(ARGV[1]) then return {'forgotten'} end
if s[1] ~= ARGV[1] or s[2] ~= ARGV[2] or s[4] then return {'fenced'} end
if s[5] and tonumber(s[5]) >= tonumber(ARGV[6]) then return {'stored', s[6]} end
local sent = tonumber(s[3])
for i = 7, #ARGV do
  sent = sent + 1
  redis.call('XADD', KEYS[2], sent .. '-0', 'd', ARGV[i])
end
redis.call('HSET', KEYS[1], 'got', ARGV[3], 'acked', ARGV[4], 'sent', sent, 'batch', ARGV[6], 'before', s[3], 'fresh', 0)
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
export const RELEASE = `${NOW}
local s = redis.call('HMGET', KEYS[1], 'n', 'owner')
if s[1] ~= ARGV[1] or s[2] ~= ARGV[2] then return {} end
redis.call('HSET', KEYS[1], 'owner', '', 'away', now, 'fresh', 0)
return {}`

/** ARGV: n, got, time to keep, name. */
export const END = `
if redis.call('HGET', KEYS[1], 'n') ~= ARGV[1] then return {} end
redis.call('HSET', KEYS[1], 'over', 1, 'got', ARGV[2], 'owner', '')
redis.call('DEL', KEYS[2])
redis.call('ZREM', KEYS[3], ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return {}`

/** ARGV: node, which does not know the session any more. */
export const DISOWN = `${NOW}
if redis.call('HGET', KEYS[1], 'owner') == ARGV[1] then redis.call('HSET', KEYS[1], 'owner', '', 'away', now) end
return {}`

/**
 * Looks at the sessions whose time has come: one that is away for too long ends, and one whose owner has died begins to be
 * away. KEYS: the set of all. ARGV: prefix, ttl, time to keep. Answers with whether there are more, and with name, principal,
 * number acknowledged and number sent of each that ended. Whoever asks first is told, and nobody else.
 */
export const SWEEP = `${NOW}
local ended = {}
local all = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 200)
for _, name in ipairs(all) do
  local key = ARGV[1] .. '{' .. name .. '}:'
  local s = redis.call('HMGET', key .. 'session', 'principal', 'owner', 'over', 'acked', 'sent', 'away')
  local due = now
  if s[1] and not s[3] then
    if s[2] ~= '' and redis.call('EXISTS', ARGV[1] .. 'node:' .. s[2]) == 0 then
      redis.call('HSET', key .. 'session', 'owner', '', 'away', now)
      s[6] = now
    end
    due = (s[6] or now) + ARGV[2]
  end
  if due > now then
    redis.call('PEXPIRE', ARGV[1] .. 'principal:' .. s[1], ARGV[3])
    redis.call('ZADD', KEYS[1], due, name)
  else
    redis.call('ZREM', KEYS[1], name)
    redis.call('DEL', key .. 'outbox')
    if s[1] then
      redis.call('HSET', key .. 'session', 'over', 1)
      redis.call('PEXPIRE', key .. 'session', ARGV[3])
      ended[#ended + 1] = {name, s[1], s[4], s[5]}
    end
  end
end
return {#all == 200 and 1 or 0, ended}`
