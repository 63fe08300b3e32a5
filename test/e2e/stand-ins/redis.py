"""Stands in for redis-py where that is not installed: the five calls of examples/python/adapter.py, spoken to a real Redis."""
import socket
from urllib.parse import urlparse


class ResponseError(Exception):
    pass


class Redis:
    @classmethod
    def from_url(cls, url):
        return cls(urlparse(url))

    def __init__(self, address):
        self.stream = socket.create_connection((address.hostname, address.port or 6379)).makefile("rwb")
        if address.path.strip("/"):
            self.call("SELECT", address.path.strip("/"))

    def xadd(self, name, fields):
        return self.call("XADD", name, "*", *[part for pair in fields.items() for part in pair])

    def xgroup_create(self, name, groupname, id="$", mkstream=False):
        return self.call("XGROUP", "CREATE", name, groupname, id, *(["MKSTREAM"] if mkstream else []))

    def xack(self, name, groupname, *ids):
        return self.call("XACK", name, groupname, *ids)

    def xreadgroup(self, groupname, consumername, streams, count=None, block=None):
        options = (["COUNT", count] if count else []) + (["BLOCK", block] if block else [])
        reply = self.call("XREADGROUP", "GROUP", groupname, consumername, *options, "STREAMS", *streams.keys(), *streams.values())
        return [[name, [(id, dict(zip(pairs[::2], pairs[1::2]))) for id, pairs in entries]] for name, entries in reply or []]

    def call(self, *parts):
        encoded = [part if isinstance(part, bytes) else str(part).encode() for part in parts]
        self.stream.write(b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in encoded))
        self.stream.flush()
        return self.read()

    def read(self):
        line = self.stream.readline()[:-2]
        kind, rest = line[:1], line[1:]
        if kind == b"-":
            raise ResponseError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self.stream.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return None if rest == b"-1" else [self.read() for _ in range(int(rest))]
        return rest
