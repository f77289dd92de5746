#!/usr/bin/env python3
"""A webhook receiver for the demo and the tests, scripted for faults.

Prints "PORT n" on standard output when it listens.  Every request goes as one JSON line
to --ledger (and, with --dir, its body to NNNN.json).  With --secret it verifies the
signature: webhook-signature holds "v1,BASE64" of HMAC-SHA256 over
"ID.TIMESTAMP.BODY" with the headers webhook-id and webhook-timestamp; a wrong or missing
one is answered by 401, one whose timestamp is more than --tolerance seconds off too.

Faults are rules, from --script FILE (a JSON list) and --fault "key=value,...":
    do       status | drop | drop-after | hang | slow | endless | raw | reset
             status      answer `status` (and `header`: "Name: value", `body`)
             drop        close when the head of the request has come
             drop-after  read it all, close without an answer
             hang        read it all, never answer
             slow        answer 200, the body one byte each `seconds`
             endless     answer 200 with a body that never ends
             raw         answer `body` as it stands and close
             reset       read it all, then reset the connection
    path     only for paths matching this shell pattern
    nth, first, percent   as in smtp_peer.py

Standard library only.
"""

import argparse
import asyncio
import base64
import contextlib
import fnmatch
import hashlib
import hmac
import json
import os
import random
import re
import signal
import socket
import ssl
import struct
import sys
import time

BODY_MAX = 8 << 20
DEEDS = ("status", "drop", "drop-after", "hang", "slow", "endless", "raw", "reset")


class Dropped(Exception):
    """The script says to close the connection now."""


class Rule:
    """One fault of the script."""

    KEYS = {"do", "status", "header", "body", "seconds", "path", "nth", "first", "percent"}

    def __init__(self, fields):
        unknown = set(fields) - self.KEYS
        if unknown:
            raise ValueError("unknown key in a fault: " + ", ".join(sorted(unknown)))
        self.do = fields["do"]
        if self.do not in DEEDS:
            raise ValueError(f"do={self.do}: not one of {' '.join(DEEDS)}")
        self.status = int(fields.get("status", 200))
        self.header = fields.get("header")
        self.body = fields.get("body", "")
        self.seconds = float(fields.get("seconds", 1))
        self.path = fields.get("path")
        self.nth = int(fields.get("nth", 0))
        self.first = int(fields.get("first", 0))
        self.percent = float(fields.get("percent", 100))
        self.hits = 0

    def applies(self, path, rng):
        if self.path and not fnmatch.fnmatchcase(path, self.path):
            return False
        self.hits += 1
        if (self.nth and self.hits != self.nth) or (self.first and self.hits > self.first):
            return False
        return self.percent >= 100 or rng.random() * 100 < self.percent


def parse_fault(text):
    fields = {}
    for part in re.split(r"(?<!\\),", text):
        key, _, value = part.partition("=")
        fields[key.strip()] = value.replace("\\,", ",")
    return fields


class Receiver:
    """What all connections share."""

    def __init__(self, args):
        self.args = args
        self.rng = random.Random(args.seed)
        self.rules = []
        if args.script:
            with open(args.script, encoding="utf-8") as script:
                self.rules += [Rule(fields) for fields in json.load(script)]
        self.rules += [Rule(parse_fault(text)) for text in args.fault]
        self.connections = self.requests = 0
        self.ledger = open(args.ledger, "a", encoding="utf-8") if args.ledger else None
        if args.dir:
            os.makedirs(args.dir, exist_ok=True)
        self.done = asyncio.Event()

    def fault(self, path):
        return next((r for r in self.rules if r.applies(path, self.rng)), None)

    def note(self, **fields):
        if self.ledger:
            fields = {"time": time.time(), **fields}
            self.ledger.write(json.dumps(fields, ensure_ascii=False) + "\n")
            self.ledger.flush()

    def verify(self, headers, body):
        """None, or what is wrong with the signature."""
        if not self.args.secret:
            return None
        ident, stamp = headers.get("webhook-id"), headers.get("webhook-timestamp")
        given = headers.get("webhook-signature")
        if not (ident and stamp and given):
            return "unsigned"
        if not stamp.isdigit():
            return "bad timestamp"
        if self.args.tolerance and abs(time.time() - int(stamp)) > self.args.tolerance:
            return "stale"
        signed = f"{ident}.{stamp}.".encode() + body
        digest = hmac.new(self.args.secret.encode(), signed, hashlib.sha256).digest()
        want = "v1," + base64.b64encode(digest).decode()
        if not any(hmac.compare_digest(want, one) for one in given.split(" ")):
            return "wrong signature"
        return None

    def may_enter(self, headers):
        if not self.args.basic:
            return True
        want = "Basic " + base64.b64encode(self.args.basic.encode()).decode()
        return headers.get("authorization") == want


class Connection:
    """One connection, kept alive."""

    def __init__(self, receiver, reader, writer):
        self.r = receiver
        self.reader, self.writer = reader, writer
        receiver.connections += 1
        self.number = receiver.connections

    async def head(self):
        line = (await self.reader.readline()).decode("latin-1").rstrip("\r\n")
        if not line:
            raise Dropped
        parts = line.split(" ")
        if len(parts) != 3:
            raise Dropped
        headers = {}
        while True:
            line = (await self.reader.readline()).decode("latin-1").rstrip("\r\n")
            if not line:
                break
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        return parts[0], parts[1], headers

    async def answer(self, status, body=b"", header=None):
        lines = [f"HTTP/1.1 {status} scripted", f"Content-Length: {len(body)}"]
        if header:
            lines.append(header)
        self.writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace") + body)
        await self.writer.drain()

    async def drip(self, rule):
        if rule.do == "slow":
            body = (rule.body or "x" * 100).encode()
            self.writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode())
            for i in range(len(body)):
                self.writer.write(body[i:i + 1])
                await self.writer.drain()
                await asyncio.sleep(rule.seconds)
            return
        self.writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            self.writer.write(b"x" * 65536)
            await self.writer.drain()

    async def scripted(self, rule):
        if rule.do == "status":
            await self.answer(rule.status, rule.body.encode(), rule.header)
        elif rule.do == "drop-after":
            raise Dropped
        elif rule.do == "hang":
            await asyncio.sleep(86400)
        elif rule.do in ("slow", "endless"):
            await self.drip(rule)
        elif rule.do == "raw":
            raw = rule.body.encode().decode("unicode_escape").encode("latin-1")
            self.writer.write(raw)
            await self.writer.drain()
            raise Dropped
        elif rule.do == "reset":
            sock = self.writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise Dropped

    async def one(self):
        method, path, headers = await self.head()
        rule = self.r.fault(path)
        if rule and rule.do == "drop":
            self.r.note(event="fault", do="drop", path=path)
            raise Dropped
        size = int(headers.get("content-length", "0"))
        if size > BODY_MAX:
            await self.answer(413)
            raise Dropped
        if headers.get("expect"):
            self.r.note(event="expect", path=path)
        body = await self.reader.readexactly(size)
        self.r.requests += 1
        number = self.r.requests
        wrong = self.r.verify(headers, body)
        if self.r.args.dir:
            with open(os.path.join(self.r.args.dir, f"{number:04d}.json"), "wb") as out:
                out.write(body)
        self.r.note(event="request", number=number, connection=self.number, method=method,
                    path=path, id=headers.get("webhook-id"), size=size,
                    type=headers.get("content-type"), signature=wrong or "ok",
                    login=headers.get("authorization"), known=headers.get("if-none-match"),
                    fault=rule.do if rule else None, status=rule.status if rule else None,
                    body=body.decode("utf-8", "replace") if self.r.args.bodies else None)
        if not self.r.args.quiet:
            print(f"{number:04d} {method} {path} {headers.get('webhook-id', '-')}", flush=True)
        if rule:
            await self.scripted(rule)
        elif wrong:
            await self.answer(401, wrong.encode())
        elif not self.r.may_enter(headers):
            await self.answer(401, b"who are you?", "WWW-Authenticate: Basic realm=\"peer\"")
        else:
            await self.answer(200, self.r.args.reply.encode())
        if self.r.args.exit_after and number >= self.r.args.exit_after:
            self.r.done.set()
        if headers.get("connection", "").lower() == "close":
            raise Dropped


async def on_connection(receiver, reader, writer):
    connection = Connection(receiver, reader, writer)
    receiver.note(event="connect", connection=connection.number)
    try:
        while True:
            await connection.one()
    except (Dropped, asyncio.CancelledError, ConnectionError, asyncio.IncompleteReadError,
            ssl.SSLError, OSError, ValueError):
        pass
    finally:
        with contextlib.suppress(Exception):
            writer.close()


async def run(args):
    receiver = Receiver(args)
    tls = None
    if args.cert:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(args.cert, args.key)
    tasks = set()

    async def handle(reader, writer):
        task = asyncio.current_task()
        tasks.add(task)
        try:
            await on_connection(receiver, reader, writer)
        finally:
            tasks.discard(task)

    server = await asyncio.start_server(handle, args.host, args.port, ssl=tls)
    for sig in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sig, receiver.done.set)
    print(f"PORT {server.sockets[0].getsockname()[1]}", flush=True)
    if args.with_parent:
        end_with_parent(receiver)
    await receiver.done.wait()
    server.close()
    for task in list(tasks):
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(*tasks, return_exceptions=True)


def end_with_parent(receiver):
    """Standard input is a pipe of the parent's: its end means that the parent is gone."""
    loop = asyncio.get_running_loop()

    def readable():
        if not os.read(0, 4096):
            loop.remove_reader(0)
            receiver.done.set()

    loop.add_reader(0, readable)


def arguments():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--host", default="127.0.0.1")
    p.add_argument("--port", type=int, default=0, help="0 = a free one, printed as 'PORT n'")
    p.add_argument("--dir", help="write bodies here")
    p.add_argument("--ledger", help="append one JSON line per event")
    p.add_argument("--bodies", action="store_true", help="bodies go to the ledger too")
    p.add_argument("--quiet", action="store_true", help="print nothing but the port")
    p.add_argument("--reply", default='{"errcode":0,"errmsg":"ok","code":0}')
    p.add_argument("--secret", help="verify signatures with this key")
    p.add_argument("--basic", metavar="USER:PASSWORD", help="answer 401 to others")
    p.add_argument("--tolerance", type=int, default=0, help="seconds; 0 = any timestamp")
    p.add_argument("--script", help="JSON list of faults")
    p.add_argument("--fault", action="append", default=[], metavar="do=DEED[,…]")
    p.add_argument("--seed", type=int, default=1, help="of the percentages")
    p.add_argument("--cert", help="PEM certificate: speaks HTTPS")
    p.add_argument("--key", help="its key, if not in the same file")
    p.add_argument("--exit-after", type=int, default=0, metavar="N", help="end after N requests")
    p.add_argument("--with-parent", action="store_true", help="end when standard input ends")
    return p.parse_args()


if __name__ == "__main__":
    try:
        asyncio.run(run(arguments()))
    except (ValueError, KeyError, OSError) as error:
        sys.exit(f"http_peer: {error}")
