/**
 * Appends an entry once for its marker.
 * in:  KEYS[1] stream · KEYS[2] marker · ARGV[1] marker's life, ms · ARGV[2..] field, value ...
 * out: the entry's id, or false when the marker was there
 */
export const APPEND_ONCE = `
if redis.call('EXISTS', KEYS[2]) == 1 then return false end
local id = redis.call('XADD', KEYS[1], '*', unpack(ARGV, 2))
redis.call('SET', KEYS[2], '1', 'PX', ARGV[1]) -- last: an entry that was refused is not marked
return id`;

/**
 * Acknowledges those entries that the consumer still owns.
 * in:  KEYS[1] stream · ARGV[1] group · ARGV[2] consumer · ARGV[3..] entry ids
 * out: how many it owned
 */
export const ACKNOWLEDGE_OWNED = `
local owned = 0
for i = 3, #ARGV do
  local pending = redis.pcall('XPENDING', KEYS[1], ARGV[1], ARGV[i], ARGV[i], 1, ARGV[2])
  if not pending.err and #pending > 0 then owned = owned + redis.call('XACK', KEYS[1], ARGV[1], ARGV[i]) end
end
return owned`;

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
 * What a stream holds and how far its groups are.
 * in:  KEYS[1] stream
 * out: entries, entries ever added, then of each group: name, entries not handed out, pending ones, age of the oldest of either, ms
 */
export const MEASURE = `
if redis.call('EXISTS', KEYS[1]) == 0 then return {0, 0} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function fields(list)
  local named = {}
  for i = 1, #list, 2 do named[list[i]] = list[i + 1] end
  return named
end
local function age(id) return math.max(0, now - tonumber(string.match(id, '%d+'))) end

local stream = fields(redis.call('XINFO', 'STREAM', KEYS[1]))
local measured = {stream['length'], stream['entries-added']}
for _, info in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local group = fields(info)
  local waiting = redis.call('XRANGE', KEYS[1], '(' .. group['last-delivered-id'], '+', 'COUNT', 1)[1]
  local lag = 0
  -- Redis does not know it of a group that was made in the midst, and 7.0 counts too much after it has read its AOF back
  if waiting then lag = math.min(tonumber(group['lag'] or stream['length']), stream['length']) end
  local oldest = redis.call('XPENDING', KEYS[1], group['name'])[2]
  local row = {group['name'], lag, group['pending'], waiting and age(waiting[1]) or 0, oldest and age(oldest) or 0}
  for _, value in ipairs(row) do measured[#measured + 1] = value end
end
return measured`;

/**
 * Trims what is past its retention and acknowledged by every group, drops what was given up. A Redis that has read its append-only file
 * back may not know how many entries a group was handed, and tells too large a lag, or none: autoscalers go by it. Of a group that was handed
 * everything it is put right.
 * in:  KEYS[1] stream · ARGV[1] retention, ms · ARGV[2] the service's group, or '' · ARGV[3] a group's, ARGV[4] a consumer's idle time, ms
 * out: of each group that was dropped its name and how long its oldest entry had waited, ms
 */
export const TIDY = `
if redis.call('EXISTS', KEYS[1]) == 0 then return {} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function numbers(id)
  local ms, seq = string.match(id, '(%d+)-(%d+)')
  return tonumber(ms), tonumber(seq)
end
local function older(a, b)
  local am, as = numbers(a)
  local bm, bs = numbers(b)
  return am < bm or (am == bm and as < bs)
end
local function fields(list)
  local named = {}
  for i = 1, #list, 2 do named[list[i]] = list[i + 1] end
  return named
end

local limit = string.format('%.0f-0', now - tonumber(ARGV[1]))
local safe = limit -- entries from here on stay
local dropped = {}
local stream = fields(redis.call('XINFO', 'STREAM', KEYS[1]))
local isOwnThere = ARGV[2] == ''
for _, info in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local group = fields(info)
  local name = group['name']
  local acknowledged = group['last-delivered-id'] -- everything before this is
  local pending = redis.call('XPENDING', KEYS[1], name)
  local waiting = pending[1] > 0 and pending[2]
  if acknowledged == stream['last-generated-id'] and group['entries-read'] ~= stream['entries-added'] then
    redis.call('XGROUP', 'SETID', KEYS[1], name, acknowledged, 'ENTRIESREAD', stream['entries-added'])
  end
  if waiting and older(waiting, acknowledged) then acknowledged = waiting end

  local isInUse = false
  for _, listed in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], name)) do
    local consumer = fields(listed)
    if consumer['idle'] < tonumber(ARGV[3]) then isInUse = true end
    if consumer['pending'] == 0 and consumer['idle'] >= tonumber(ARGV[4]) then redis.call('XGROUP', 'DELCONSUMER', KEYS[1], name, consumer['name']) end
  end

  local isKept = true
  if name == ARGV[2] then
    isOwnThere = true
  elseif not isInUse and older(acknowledged, limit) then
    if not waiting then
      local first = redis.call('XRANGE', KEYS[1], '(' .. acknowledged, '+', 'COUNT', 1)[1]
      waiting = first and first[1]
    end
    local waited = waiting and now - numbers(waiting)
    if waited and waited >= tonumber(ARGV[3]) then
      redis.call('XGROUP', 'DESTROY', KEYS[1], name)
      dropped[#dropped + 1] = name
      dropped[#dropped + 1] = waited
      isKept = false
    end
  end
  if isKept and older(acknowledged, safe) then safe = acknowledged end
end
if isOwnThere then redis.call('XTRIM', KEYS[1], 'MINID', '~', safe) end
return dropped`;
