#!/bin/sh
# An adapter in shell: each line on standard input is a message, each answer is printed. Needs redis-cli, nothing else.
#
#   REDIS_URL=... NEXUS_TOKEN=... NEXUS_KEY_ID=... sh adapter.sh        # nexus keys create shell --surface shell
set -eu
cli() { redis-cli -u "${REDIS_URL:-redis://127.0.0.1:6379}" --raw "$@"; }
reply_to="$NEXUS_KEY_ID.shell" # the key's id, a dot, and a name of your own
answers="requests.processed:$reply_to"

# Redis writes the JSON, so that nothing in the text has to be escaped here. The token comes by standard input: no process list shows it.
publish='
  local payload = cjson.encode({ text = ARGV[2], surface = "shell", chatId = "terminal" })
  local metadata = cjson.encode({ ["content-type"] = "application/json", ["reply-to"] = ARGV[3], authorization = "Bearer " .. ARGV[4] })
  return redis.call("XADD", KEYS[1], "*", "id", ARGV[1], "payload", payload, "metadata", metadata)'

# Takes the next answer and reads it (protobuf, ProcessedRequest: 1 message_id, 5 text, 11 error { 2 message }): its message id and its text.
take='
  local function fields(data)
    local found, at = {}, 1
    local function varint()
      local value, factor = 0, 1
      repeat
        local byte = data:byte(at)
        value, factor, at = value + byte % 128 * factor, factor * 128, at + 1
      until byte < 128
      return value
    end
    while at <= #data do
      local key = varint()
      local value = varint()
      if key % 8 == 2 then value, at = data:sub(at, at + value - 1), at + value end
      found[math.floor(key / 8)] = value
    end
    return found
  end
  local read = redis.call("XREADGROUP", "GROUP", "adapter", "shell", "COUNT", 1, "STREAMS", KEYS[1], ">")
  if not read then return {} end
  local entry = read[1][2][1]
  local answer = {}
  for i = 1, #entry[2], 2 do if entry[2][i] == "payload" then answer = fields(entry[2][i + 1]) end end
  redis.call("XACK", KEYS[1], "adapter", entry[1])
  return { answer[1] or "", answer[5] or fields(answer[11] or "")[2] or "" }'

cli XGROUP CREATE "$answers" adapter 0 MKSTREAM >/dev/null 2>&1 || true # it may be there from the last time
number=0
while IFS= read -r line; do
  number=$((number + 1))
  id="shell-$(date +%s)-$$-$number"
  tries=0
  while :; do
    # The same id again starts nothing twice and brings the same answer: ask until it is there.
    [ $((tries % 50)) -ne 0 ] || printf %s "$NEXUS_TOKEN" | cli -x EVAL "$publish" 1 requests.incoming "$id" "$line" "$reply_to" >/dev/null
    tries=$((tries + 1))
    answer="$(cli EVAL "$take" 1 "$answers" </dev/null)"
    [ "${answer%%"
"*}" = "$id" ] && break
    [ -n "$answer" ] || sleep 0.2
  done
  printf '%s\n' "${answer#*"
"}"
done
