/** The example of docs/channels.md; the end-to-end tests take it out of the page and run it. */

const ask = `# NEXUS_TOKEN: a surface token, or any API key.  REDIS_URL: the Redis that NEXUS uses.
id="by-hand-$(date +%s%N)"

# A consumer group of your own, made before you ask, so that the answer cannot come too early.
redis-cli -u "$REDIS_URL" XGROUP CREATE requests.processed "$id" '$' MKSTREAM

redis-cli -u "$REDIS_URL" XADD requests.incoming '*' \\
  id "$id" \\
  type nexus.run.v1.IncomingRequest \\
  payload '{"text":"What is 17.5% of 1,280?","surface":"terminal"}' \\
  metadata '{"content-type":"application/json","authorization":"Bearer '"$NEXUS_TOKEN"'"}' \\
  correlation_id "$id"

# The answers of everybody who named no reply-to come this way: take the next one until it is yours.
while :; do
  answer="$(redis-cli -u "$REDIS_URL" XREADGROUP GROUP "$id" me COUNT 1 BLOCK 30000 STREAMS requests.processed '>' | tr -d '\\000')"
  [ -n "$answer" ] || { echo "no answer within 30 seconds" >&2; exit 1; }
  entry="$(printf '%s\\n' "$answer" | sed -n 2p)"
  redis-cli -u "$REDIS_URL" XACK requests.processed "$id" "$entry"
  case "$answer" in *"$id"*) break ;; esac
done
printf '%s\\n' "$answer"

# Leave nothing behind.
redis-cli -u "$REDIS_URL" XGROUP DESTROY requests.processed "$id"`;

const decode = `redis-cli -u "$REDIS_URL" --raw EVAL "
  local fields = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1][2]
  for i = 1, #fields, 2 do if fields[i] == 'payload' then return fields[i + 1] end end" 1 requests.processed "$entry" |
  perl -pe 'chomp if eof' | npx buf convert proto --type nexus.run.v1.ProcessedRequest --from -#format=binpb --to -#format=json`;

const fence = (info, text) => `\`\`\`${info}\n${text}\n\`\`\``;

export const publishByHand = `## Publishing by hand

Any Redis client can ask a question. This needs redis-cli, a running NEXUS and a token (\`nexus keys create\`, or the development key that
\`npm start\` prints):

${fence('sh example=publish-by-hand', ask)}

The answer's payload is protobuf; its text can be read by eye. To decode it, after the commands above, in a checkout of NEXUS:

${fence('sh example=read-answer-by-hand', decode)}

Publish the same id again and nothing happens twice: there is one answer. With the metadata \`reply-to\`, which must be the id of your key,
alone or with a dot and anything behind it (\`nexus keys list\` shows the id), the answer goes to \`requests.processed:<reply-to>\`, which is yours
alone. Without a token, or with one that may not publish for the surface, the answer is a refusal: outcome \`OUTCOME_REFUSED\` and an error
with a code.`;
