"""An adapter in Python: each line on standard input is a message, each answer is printed. Needs redis-py: pip install redis

    REDIS_URL=... NEXUS_TOKEN=... NEXUS_KEY_ID=... python3 adapter.py        # nexus keys create python --surface python
"""
import json, os, redis, sys, time

r = redis.Redis.from_url(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379"))
reply_to = os.environ["NEXUS_KEY_ID"] + ".python"  # the key's id, a dot, and a name of your own
answers = "requests.processed:" + reply_to
metadata = json.dumps({"content-type": "application/json", "authorization": "Bearer " + os.environ["NEXUS_TOKEN"], "reply-to": reply_to})


def varint(data, at):
    value = shift = 0
    while True:
        value, shift, at = value | (data[at] & 127) << shift, shift + 7, at + 1
        if data[at - 1] < 128: return value, at


def fields(data, at=0):  # of a protobuf message: number -> number or bytes
    found = {}
    while at < len(data):
        key, at = varint(data, at)
        value, at = varint(data, at)
        if key & 7 == 2: value, at = data[at : at + value], at + value
        found[key >> 3] = value
    return found


def ask(id, text):
    payload = json.dumps({"text": text, "surface": "python", "chatId": "terminal"})
    while True:  # the same id again starts nothing twice and brings the same answer: ask until it is there
        r.xadd("requests.incoming", {"id": id, "payload": payload, "metadata": metadata})
        for [[entry, envelope]] in [entries for _, entries in r.xreadgroup("adapter", "python", {answers: ">"}, count=1, block=10_000) or []]:
            answer = fields(envelope[b"payload"])  # ProcessedRequest: 1 message_id, 5 text, 11 error { 2 message }
            r.xack(answers, "adapter", entry)
            if answer[1].decode() == id: return (answer.get(5) or fields(answer.get(11, b"")).get(2, b"")).decode()


try: r.xgroup_create(answers, "adapter", id="0", mkstream=True)
except redis.ResponseError: pass  # it is there from the last time
for number, line in enumerate(sys.stdin):
    print(ask(f"python-{time.time_ns()}-{number}", line.strip()), flush=True)
