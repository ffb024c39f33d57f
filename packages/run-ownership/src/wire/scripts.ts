/**
 * The ledger's steps, carried out inside Redis: each runs alone, and is carried out or not at all, also in the append-only file. They
 * say the same as `core/run-entry.ts`; a test compares the two on random calls. Time is the server's own.
 */
const NOW = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
`;

/** KEYS run, answer, answered, last token. ARGV owner, token, revision, floor, lease ms, unwritten keep ms, has packet. */
export const ENTER = `
if ARGV[7] == '1' then
  local bytes = redis.call('HGET', KEYS[2], 'bytes')
  if bytes then
    redis.call('HSET', KEYS[2], 'given', '1')
    return {'answered', bytes}
  end
  if redis.call('EXISTS', KEYS[3]) == 1 then return {'expired'} end
end
${NOW}
local e = redis.call('HMGET', KEYS[1], 'owner', 'token', 'until', 'revision', 'sequence', 'state')
local owner, token, till = e[1], tonumber(e[2] or '0'), tonumber(e[3] or '0')
local revision, sequence, state = tonumber(e[4] or '0'), e[5] or '0', e[6] or ''
if tonumber(ARGV[3]) > 0 and revision == 0 then return {'missing'} end
local from, how = '', ''
if owner == ARGV[1] and token == tonumber(ARGV[2]) then
  if revision == tonumber(ARGV[3]) then state = '' end
elseif owner and owner ~= ARGV[1] and now < till then
  return {'held', owner, till - now}
else
  local last = tonumber(redis.call('GET', KEYS[4]) or '0')
  if owner and owner ~= ARGV[1] and owner ~= '' then
    from = owner
    if till == 0 then how = 'released' else how = 'expired' end
  end
  token = math.max(last, token, tonumber(ARGV[4])) + 1
  redis.call('SET', KEYS[4], string.format('%.0f', token))
end
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'token', string.format('%.0f', token),
  'until', string.format('%.0f', now + tonumber(ARGV[5])))
if revision == 0 then redis.call('PEXPIRE', KEYS[1], ARGV[6]) end
return {'granted', string.format('%.0f', token), revision, sequence, from, how, state}
`;

/** The one line that keeps a host that was overtaken from writing. */
export const FENCE = `if e[1] ~= ARGV[1] then return {'lost', e[1], e[4]} end`;

/**
 * KEYS run, answer, answered. ARGV token, sequence, state, keep ms, answer keep ms, answered keep ms, command id, bytes. Without a
 * command id only the state is written.
 */
export const COMMIT = `
local e = redis.call('HMGET', KEYS[1], 'token', 'revision', 'sequence', 'owner')
if not e[1] then return {'missing'} end
${FENCE}
local given, stored = tonumber(ARGV[2]), tonumber(e[3] or '0')
local command = ARGV[7] ~= ''
if given < stored or (command and given == stored) then return {'sequence', e[3] or '0'} end
if command then
  if redis.call('EXISTS', KEYS[3]) == 1 then return {'answered'} end
  redis.call('HSET', KEYS[2], 'command', ARGV[7], 'bytes', ARGV[8])
  redis.call('PEXPIRE', KEYS[2], ARGV[5])
  redis.call('SET', KEYS[3], '1', 'PX', ARGV[6])
end
local revision = tonumber(e[2] or '0') + 1
redis.call('HSET', KEYS[1], 'revision', revision, 'sequence', ARGV[2], 'state', ARGV[3], 'until', '0')
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {'accepted', revision}
`;

/** KEYS run. ARGV token. */
export const RELEASE = `
if redis.call('HGET', KEYS[1], 'token') == ARGV[1] then redis.call('HSET', KEYS[1], 'until', '0') end
return 1
`;

/** KEYS answer, answered. ARGV command id. */
export const WITHDRAW = `
local a = redis.call('HMGET', KEYS[1], 'command', 'given')
if a[1] ~= ARGV[1] then return 'gone' end
if a[2] == '1' then return 'given' end
redis.call('DEL', KEYS[1], KEYS[2])
return 'withdrawn'
`;

/** KEYS run. ARGV state, sequence, keep ms. */
export const ADOPT = `
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'owner', '', 'token', '0', 'until', '0', 'revision', '1', 'sequence', ARGV[2], 'state', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
`;
