/**
 * Appends an entry once for its marker.
 * in:  KEYS[1] stream · KEYS[2] marker · ARGV[1] marker's life, ms · ARGV[2] MINID to trim by, or '' · ARGV[3..] field, value ...
 * out: the entry's id, or false when the marker was there
 */
export const APPEND_ONCE = `
if redis.call('EXISTS', KEYS[2]) == 1 then return false end
local args = {KEYS[1]}
if ARGV[2] ~= '' then args[2] = 'MINID'; args[3] = '~'; args[4] = ARGV[2] end
args[#args + 1] = '*'
for i = 3, #ARGV do args[#args + 1] = ARGV[i] end
local id = redis.call('XADD', unpack(args))
redis.call('SET', KEYS[2], '1', 'PX', ARGV[1]) -- last: an entry that was refused is not marked
return id`;

/**
 * Makes pending entries look fresh, if the consumer still owns them.
 * in:  KEYS[1] stream · ARGV[1] group · ARGV[2] consumer · ARGV[3..] entry ids
 * out: the ids that it owns
 */
export const REFRESH_OWNED = `
local owned = {}
for i = 3, #ARGV do
  local pending = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[i], ARGV[i], 1, ARGV[2])
  if #pending > 0 then
    redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[i], 'JUSTID')
    owned[#owned + 1] = ARGV[i]
  end
end
return owned`;

/**
 * Hands pending entries back, if the consumer still owns them: they look as if left alone for long.
 * in:  KEYS[1] stream · ARGV[1] group · ARGV[2] consumer · ARGV[3] idle time, ms · ARGV[4..] entry id, times handed out, ...
 */
export const HAND_BACK = `
for i = 4, #ARGV, 2 do
  if #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[i], ARGV[i], 1, ARGV[2]) > 0 then
    redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[i], 'IDLE', ARGV[3], 'RETRYCOUNT', ARGV[i + 1], 'JUSTID')
  end
end
return 0`;

/**
 * How long the oldest entry waits that a group was not handed yet; a group that is not there was handed nothing.
 * in:  KEYS[1] stream · ARGV[1] group
 * out: milliseconds; 0 when none waits
 */
export const QUEUE_AGE = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local handed = '0-0'
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local g = {}
  for i = 1, #group, 2 do g[group[i]] = group[i + 1] end
  if g['name'] == ARGV[1] then handed = g['last-delivered-id'] end
end
local waiting = redis.call('XRANGE', KEYS[1], '(' .. handed, '+', 'COUNT', 1)[1]
if not waiting then return 0 end
local time = redis.call('TIME')
return math.max(0, time[1] * 1000 + math.floor(time[2] / 1000) - tonumber(string.match(waiting[1], '%d+')))`;

/**
 * Trims what is older than an id and acknowledged by every group; nothing when there is no group.
 * in:  KEYS[1] stream · ARGV[1] id: entries from here on stay
 * out: how many entries were trimmed
 */
export const TRIM_ACKNOWLEDGED = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local function older(a, b)
  local am, as = string.match(a, '(%d+)-(%d+)')
  local bm, bs = string.match(b, '(%d+)-(%d+)')
  am, bm = tonumber(am), tonumber(bm)
  return am < bm or (am == bm and tonumber(as) < tonumber(bs))
end
local safe = ARGV[1]
local groups = redis.call('XINFO', 'GROUPS', KEYS[1])
if #groups == 0 then return 0 end
for _, group in ipairs(groups) do
  local g = {}
  for i = 1, #group, 2 do g[group[i]] = group[i + 1] end
  if older(g['last-delivered-id'], safe) then safe = g['last-delivered-id'] end
  local pending = redis.call('XPENDING', KEYS[1], g['name'])
  if pending[1] > 0 and older(pending[2], safe) then safe = pending[2] end
end
return redis.call('XTRIM', KEYS[1], 'MINID', '~', safe)`;
