/**
 * What has to happen in one step inside Redis. Each script runs alone and is carried out or not at all, also in the append-only file.
 * Removing comes before adding wherever both happen: a Redis that is full still lets consumers move on.
 */

/** KEYS stream, ids. ARGV payload, signature, message id, window, entries max, retained max. */
export const PUBLISH = `
local known = redis.call('ZSCORE', KEYS[2], ARGV[3])
if known then return {'duplicate', known} end
local groups = 0
if redis.call('EXISTS', KEYS[1]) == 1 then groups = #redis.call('XINFO', 'GROUPS', KEYS[1]) end
if groups > 0 and redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[5]) then return {'full'} end
local id = redis.call('XADD', KEYS[1], '*', 'payload', ARGV[1], 'signature', ARGV[2])
local trimmed = 0
if groups == 0 then trimmed = redis.call('XTRIM', KEYS[1], 'MAXLEN', '=', ARGV[6]) end
local ms, seq = string.match(id, '(%d+)-(%d+)')
redis.call('ZADD', KEYS[2], string.format('%.0f', tonumber(ms) * 4096 + math.min(tonumber(seq), 4095)), ARGV[3])
local beyond = redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[4])
if beyond > 0 then redis.call('ZREMRANGEBYRANK', KEYS[2], 0, beyond - 1) end
return {'taken', id, trimmed}
`;

/**
 * KEYS stream. ARGV group, consumer, count, claim idle ms. Takes the next entries for this consumer if nobody else holds any: that keeps
 * the order over all consumers of a group. Entries of a consumer that has been silent for too long are taken over first; of these only the
 * first counts as delivered once more: those behind it were never tried. What this consumer holds itself does not: the answer was lost.
 */
export const TAKE = `
local s, g, c = KEYS[1], ARGV[1], ARGV[2]
local head = redis.call('XPENDING', s, g, '-', '+', 1)[1]
local entries, gone = {}, {}
local own = head and head[2] == c
if own then
  local reply = redis.call('XREADGROUP', 'GROUP', g, c, 'COUNT', ARGV[3], 'STREAMS', s, '0')
  if reply then entries = reply[1][2] end
elseif head then
  local left = tonumber(ARGV[4]) - head[3]
  if left > 0 then return {'busy', left} end
  local claimed = redis.call('XAUTOCLAIM', s, g, c, ARGV[4], '-', 'COUNT', ARGV[3])
  entries = claimed[2]
  gone = claimed[3] or {}
else
  local reply = redis.call('XREADGROUP', 'GROUP', g, c, 'COUNT', ARGV[3], 'STREAMS', s, '>')
  if reply then entries = reply[1][2] end
end
if #entries == 0 and #gone == 0 then
  for _, info in ipairs(redis.call('XINFO', 'GROUPS', s)) do
    local last
    local name
    for i = 1, #info, 2 do
      if info[i] == 'name' then name = info[i + 1] end
      if info[i] == 'last-delivered-id' then last = info[i + 1] end
    end
    if name == g then return {'empty', last} end
  end
end
local counts = {}
for i, p in ipairs(redis.call('XPENDING', s, g, '-', '+', ARGV[3], c)) do
  local count = p[4]
  if (i > 1 or own) and count > 1 then
    count = count - 1
    redis.call('XCLAIM', s, g, c, 0, p[1], 'IDLE', 0, 'RETRYCOUNT', count, 'JUSTID')
  end
  counts[#counts + 1] = p[1]
  counts[#counts + 1] = count
end
return {'entries', entries, counts, gone}
`;

/** KEYS stream, seen. ARGV group, id, message id, position, window. The group is done with the entry. */
export const SETTLE = `
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
if ARGV[3] ~= '' then
  redis.call('ZADD', KEYS[2], ARGV[4], ARGV[3])
  local beyond = redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[5])
  if beyond > 0 then redis.call('ZREMRANGEBYRANK', KEYS[2], 0, beyond - 1) end
end
return 1
`;

/** KEYS stream, target. ARGV group, consumer, id, target max, refuse when full (1) or drop the oldest (0), then field, value pairs. */
export const MOVE = `
if #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1, ARGV[2]) == 0 then return 'lost' end
if ARGV[5] == '1' and redis.call('XLEN', KEYS[2]) >= tonumber(ARGV[4]) then return 'full' end
redis.call('XACK', KEYS[1], ARGV[1], ARGV[3])
redis.call('XADD', KEYS[2], '*', unpack(ARGV, 6))
if ARGV[5] == '0' then redis.call('XTRIM', KEYS[2], 'MAXLEN', '=', ARGV[4]) end
return 'moved'
`;

/** KEYS stream. ARGV group, consumer, idle ms, attempt of the first, ids. Says again who holds what; answers how many still are. */
export const HOLD = `
local held = 0
for i = 5, #ARGV do
  local mine = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[i], ARGV[i], 1, ARGV[2])[1]
  if mine then
    local count = mine[4]
    if i == 5 and tonumber(ARGV[4]) > 0 then count = ARGV[4] end
    redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[i], 'IDLE', ARGV[3], 'RETRYCOUNT', count, 'JUSTID')
    if i == 5 then held = 1 end
  end
end
return held
`;

/** KEYS stream. ARGV group, consumer. Forgets a consumer that holds nothing; one that does keeps its entries until they are taken over. */
export const LEAVE = `
if #redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2]) > 0 then return 0 end
redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
return 1
`;

/**
 * KEYS stream. ARGV retained max. Removes what every group has acknowledged, and nothing else; without a group, what is beyond the
 * newest. Answers with what is there.
 */
export const MAINTAIN = `
local s = KEYS[1]
if redis.call('EXISTS', s) == 0 then return {0, 0, 0} end
local function less(a, b)
  local am, as = string.match(a, '(%d+)-(%d+)')
  local bm, bs = string.match(b, '(%d+)-(%d+)')
  am, as, bm, bs = tonumber(am), tonumber(as), tonumber(bm), tonumber(bs)
  return am < bm or (am == bm and as < bs)
end
local groups = redis.call('XINFO', 'GROUPS', s)
local trimmed = 0
local needed
local found = {}
for _, info in ipairs(groups) do
  local f = {}
  for i = 1, #info, 2 do f[info[i]] = info[i + 1] end
  local last = f['last-delivered-id']
  local first
  if f['pending'] > 0 then
    first = redis.call('XPENDING', s, f['name'])[2]
  else
    local ms, seq = string.match(last, '(%d+)-(%d+)')
    first = ms .. '-' .. string.format('%.0f', tonumber(seq) + 1)
  end
  if not needed or less(first, needed) then needed = first end
  found[#found + 1] = {f['name'], f['pending'], last, f['lag']}
end
if needed then
  redis.call('XTRIM', s, 'MINID', '=', needed)
else
  trimmed = redis.call('XTRIM', s, 'MAXLEN', '=', ARGV[1])
end
local reply = {trimmed, redis.call('XLEN', s), redis.call('MEMORY', 'USAGE', s) or 0}
for _, g in ipairs(found) do
  local lag = g[4]
  if type(lag) ~= 'number' then lag = #redis.call('XRANGE', s, '(' .. g[3], '+', 'COUNT', 10000) end
  reply[#reply + 1] = g[1]
  reply[#reply + 1] = g[2] + lag
end
return reply
`;
