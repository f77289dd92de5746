#!/usr/bin/env python3
"""An SMTP receiver for the demo and the tests, scripted for faults.

Prints "PORT n" on standard output when it listens.  Every mail it accepts is written to
--dir as an .eml file; every decision goes as one JSON line to --ledger, before the reply
is sent, so that after a crash of either side the ledger says what was accepted.

Faults are rules, from --script FILE (a JSON list) and --fault "key=value,...":
    at       connect greeting EHLO HELO STARTTLS AUTH MAIL RCPT DATA dot RSET QUIT (required)
    do       reply | drop | drop-after | close | reset | hang | hang-after | slow | delay | long | garbage
             reply       say `text` ("451 4.3.0 later") instead of the usual reply; \\n in it
                         begins a new line: several lines, or replies that nobody asked for
             drop        close without a reply; at dot: the mail is not accepted
             drop-after  at dot: accept the mail, then close without a reply
                         elsewhere: reply as usual, then close
             close       reply as usual (at dot: accept the mail), then close
             reset       at dot: accept the mail, reply, then reset the connection
             hang        never answer (the connection stays open)
             hang-after  at dot: accept the mail, then never answer
             slow        say the usual reply one byte at a time, `seconds` apart (default 1)
             delay       wait `seconds`, then go on as usual
             long        the usual reply with 100 KB of words in its line
             garbage     the usual reply, and a kilobyte of rubbish right behind it
    rcpt     only for recipients matching this shell pattern
    sender   only for this envelope sender pattern
    nth      only the n-th time (from 1) that `at` is reached with the other keys matching
    first    only the first n times
    over     only beyond the n-th time within one connection
    busy     only while more than n connections are open
    session  only in the n-th connection
    percent  only so often, by --seed

Standard library only. It is no mail server: it keeps everything and forwards nothing.
"""

import argparse
import asyncio
import base64
import contextlib
import email
import email.header
import email.policy
import fnmatch
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

SIZE_MAX = 32 << 20
LINE_MAX = 4096
VERBS = ("connect", "greeting", "EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "dot", "RSET",
         "QUIT")
DEEDS = ("reply", "drop", "drop-after", "close", "reset", "hang", "hang-after", "slow", "delay", "long",
         "garbage")
LONG = 100_000


class Dropped(Exception):
    """The script says to close the connection now."""


class Rule:
    """One fault of the script."""

    KEYS = {"at", "do", "text", "seconds", "rcpt", "sender", "nth", "first", "over", "busy",
            "session", "percent"}

    def __init__(self, fields):
        unknown = set(fields) - self.KEYS
        if unknown:
            raise ValueError("unknown key in a fault: " + ", ".join(sorted(unknown)))
        self.at = fields["at"]
        self.do = fields["do"]
        if self.at not in VERBS:
            raise ValueError(f"at={self.at}: not one of {' '.join(VERBS)}")
        if self.do not in DEEDS:
            raise ValueError(f"do={self.do}: not one of {' '.join(DEEDS)}")
        self.text = fields.get("text", "451 4.3.0 not now")
        self.seconds = float(fields.get("seconds", 1))
        self.rcpt = fields.get("rcpt")
        self.sender = fields.get("sender")
        self.nth = int(fields.get("nth", 0))
        self.first = int(fields.get("first", 0))
        self.over = int(fields.get("over", 0))
        self.busy = int(fields.get("busy", 0))
        self.session = int(fields.get("session", 0))
        self.percent = float(fields.get("percent", 100))
        self.hits = 0

    def applies(self, at, session, rng):
        if at != self.at or (self.session and session.number != self.session):
            return False
        if self.rcpt and not fnmatch.fnmatchcase(session.rcpt or "", self.rcpt):
            return False
        if self.sender and not fnmatch.fnmatchcase(session.sender or "", self.sender):
            return False
        self.hits += 1
        in_session = session.hits[self] = session.hits.get(self, 0) + 1
        if (self.nth and self.hits != self.nth) or (self.first and self.hits > self.first):
            return False
        if in_session <= self.over or (self.busy and session.r.open <= self.busy):
            return False
        return self.percent >= 100 or rng.random() * 100 < self.percent


def parse_fault(text):
    """ "at=dot,do=reply,text=451 later" to a dict; a comma in a value is written \\, """
    fields = {}
    for part in re.split(r"(?<!\\),", text):
        key, _, value = part.partition("=")
        fields[key.strip()] = value.replace("\\,", ",")
    return fields


class Receiver:
    """What all sessions share: the script, the ledger, the files."""

    def __init__(self, args):
        self.args = args
        self.rng = random.Random(args.seed)
        self.rules = []
        if args.script:
            with open(args.script, encoding="utf-8") as script:
                self.rules += [Rule(fields) for fields in json.load(script)]
        self.rules += [Rule(parse_fault(text)) for text in args.fault]
        self.sessions = self.open = 0
        self.accepted = 0
        self.ledger = open(args.ledger, "a", encoding="utf-8") if args.ledger else None
        self.tls = None
        if args.cert:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(args.cert, args.key)
        if args.dir:
            os.makedirs(args.dir, exist_ok=True)
            taken = [int(m.group(1)) for m in map(re.compile(r"(\d+)").match, os.listdir(args.dir))
                     if m]
            self.accepted = max(taken, default=0)
        self.done = asyncio.Event()

    def fault(self, at, session):
        return next((r for r in self.rules if r.applies(at, session, self.rng)), None)

    def note(self, **fields):
        if self.ledger:
            fields = {"time": time.time(), **fields}
            self.ledger.write(json.dumps(fields, ensure_ascii=False) + "\n")
            self.ledger.flush()

    def accept(self, session, data, fault):
        """Keep a mail. Returns its number."""
        self.accepted += 1
        number = self.accepted
        head = email.message_from_bytes(data.split(b"\r\n\r\n", 1)[0] + b"\r\n\r\n",
                                        policy=email.policy.compat32)
        subject = plain_subject(head.get("Subject", ""))
        name = None
        if self.args.dir:
            stem = f"{number:04d}"
            if self.args.names == "subject":
                stem = f"{number:04d}-{file_words(subject)}"
            name = stem + ".eml"
            with open(os.path.join(self.args.dir, name), "xb") as out:
                out.write(data)
        self.note(event="accepted", number=number, session=session.number, sender=session.sender,
                  rcpt=session.rcpt, message_id=head.get("Message-ID", "").strip(),
                  subject=subject, size=len(data), file=name, fault=fault, tls=session.tls,
                  user=session.user)
        if not self.args.quiet:
            print(f"{number:04d} {session.rcpt}  {subject}", flush=True)
        if self.args.exit_after and number >= self.args.exit_after:
            self.done.set()
        return number


def plain_subject(raw):
    try:
        text = str(email.header.make_header(email.header.decode_header(raw)))
    except (LookupError, ValueError, UnicodeError):
        text = raw
    return re.sub(r"\s+", " ", text).strip()


def file_words(subject):
    """A subject as part of a file name: readable, short, harmless."""
    words = re.sub(r"[^\w【】（）—·-]+", "-", subject).strip("-.")[:60]
    while len(words.encode()) > 200:
        words = words[:-1]
    return words or "mail"


class Session:
    """One connection."""

    def __init__(self, receiver, reader, writer):
        self.r = receiver
        self.reader, self.writer = reader, writer
        receiver.sessions += 1
        self.number = receiver.sessions
        self.sender = self.rcpt = self.user = None
        self.tls = False
        self.greeted = False
        self.hits = {}

    def reset(self):
        self.sender = self.rcpt = None

    async def say(self, text, rule=None):
        if rule and rule.do == "long":
            text += " " + "x" * LONG
        data = "".join(line + "\r\n" for line in text.split("\n")).encode()
        if rule and rule.do == "garbage":
            data += bytes(range(256)) * 4 + b"\r\n"
        if rule and rule.do == "slow":
            for i in range(len(data)):
                self.writer.write(data[i:i + 1])
                await self.writer.drain()
                await asyncio.sleep(rule.seconds)
            return
        self.writer.write(data)
        # Replies to a pipelined group go out together when nothing more is to be read.
        if not self.reader._buffer:
            await self.writer.drain()

    async def answer(self, at, usual):
        """Reply as usual or as the script says. True: the usual reply was given."""
        rule = self.r.fault(at, self)
        if not rule:
            await self.say(usual)
            return usual[0] in "23"
        self.r.note(event="fault", session=self.number, at=at, do=rule.do, rcpt=self.rcpt,
                    sender=self.sender)
        if rule.do == "reply":
            await self.say(rule.text.replace("\\n", "\n"))
            if rule.text.startswith("421"):
                raise Dropped
            return rule.text[0] in "23"
        if rule.do == "drop":
            raise Dropped
        if rule.do in ("hang", "hang-after"):
            await self.writer.drain()
            await asyncio.sleep(86400)
        if rule.do == "delay":
            await self.writer.drain()
            await asyncio.sleep(rule.seconds)
        await self.say(usual, rule)
        if rule.do in ("drop-after", "close"):
            await self.writer.drain()
            raise Dropped
        return usual[0] in "23"

    async def line(self):
        data = await self.reader.readline()
        if not data.endswith(b"\n"):
            raise Dropped
        if len(data) > LINE_MAX:
            await self.say("500 5.5.2 line too long")
            raise Dropped
        return data.rstrip(b"\r\n").decode("utf-8", "replace")

    async def serve(self):
        rule = self.r.fault("connect", self)
        if rule and rule.do == "drop":
            raise Dropped
        await self.answer("greeting", "220 peer.example.org ESMTP")
        if self.r.tls and self.r.args.smtps:
            self.tls = True
        while True:
            line = await self.line()
            verb, _, rest = line.partition(" ")
            handler = getattr(self, "do_" + verb.lower(), None) if verb.isalpha() else None
            if not handler:
                await self.say("500 5.5.1 unknown command")
                continue
            await handler(rest.strip())

    async def do_ehlo(self, _):
        self.reset()
        words = ["peer.example.org"]
        if not self.r.args.no_pipelining:
            words.append("PIPELINING")
        if not self.r.args.no_8bitmime:
            words.append("8BITMIME")
        words.append(f"SIZE {self.r.args.size}")
        if self.r.tls and not self.tls and not self.r.args.smtps:
            words.append("STARTTLS")
        if not self.r.args.no_auth:
            words.append("AUTH PLAIN LOGIN")
        lines = [f"250-{w}" for w in words[:-1]] + [f"250 {words[-1]}"]
        self.greeted = await self.answer("EHLO", "\n".join(lines))

    async def do_helo(self, _):
        self.reset()
        self.greeted = await self.answer("HELO", "250 peer.example.org")

    async def do_starttls(self, _):
        if not self.r.tls or self.tls:
            await self.answer("STARTTLS", "502 5.5.1 not offered")
            return
        if not await self.answer("STARTTLS", "220 2.0.0 go ahead"):
            return
        await self.writer.drain()
        # asyncio of 3.11 knows StreamWriter.start_tls.
        await self.writer.start_tls(self.r.tls)
        self.tls = True
        self.greeted = False
        self.reset()

    async def challenge(self, prompt):
        await self.say("334 " + base64.b64encode(prompt).decode())
        await self.writer.drain()
        return base64.b64decode(await self.line())

    async def do_auth(self, rest):
        way, _, first = rest.partition(" ")
        try:
            if way.upper() == "PLAIN":
                raw = base64.b64decode(first) if first else await self.challenge(b"")
                _, user, password = raw.split(b"\0")
            elif way.upper() == "LOGIN":
                user = base64.b64decode(first) if first else await self.challenge(b"Username:")
                password = await self.challenge(b"Password:")
            else:
                await self.say("504 5.5.4 unknown mechanism")
                return
        except ValueError:
            await self.say("501 5.5.2 cannot decode")
            return
        wanted = self.r.args.login
        if wanted and wanted != f"{user.decode()}:{password.decode()}":
            await self.answer("AUTH", "535 5.7.8 wrong user or password")
            return
        if await self.answer("AUTH", "235 2.7.0 authenticated"):
            self.user = user.decode("utf-8", "replace")

    async def do_mail(self, rest):
        match = re.match(r"FROM:<([^>]*)>(.*)$", rest, re.IGNORECASE)
        if not match:
            await self.say("501 5.5.4 syntax")
            return
        if self.sender is not None:
            await self.say("503 5.5.1 nested MAIL")
            return
        if self.r.args.login and not self.user:
            await self.say("530 5.7.0 authentication required")
            return
        size = re.search(r"\bSIZE=(\d+)", match.group(2), re.IGNORECASE)
        self.sender = match.group(1)
        usual = "250 2.1.0 ok"
        if size and int(size.group(1)) > self.r.args.size:
            usual = "552 5.3.4 too large"
        if not await self.answer("MAIL", usual):
            self.sender = None

    async def do_rcpt(self, rest):
        match = re.match(r"TO:<([^>]+)>", rest, re.IGNORECASE)
        if not match or self.sender is None:
            await self.say("503 5.5.1 no MAIL" if match else "501 5.5.4 syntax")
            return
        before, self.rcpt = self.rcpt, match.group(1)
        if not await self.answer("RCPT", "250 2.1.5 ok"):
            self.rcpt = before

    async def do_data(self, _):
        if self.rcpt is None:
            await self.answer("DATA", "554 5.5.1 no valid recipients")
            return
        if not await self.answer("DATA", "354 go ahead"):
            return
        data = await self.body()
        await self.dot(data)
        self.reset()

    async def body(self):
        parts = []
        size = 0
        while True:
            line = await self.reader.readline()
            if not line.endswith(b"\n"):
                raise Dropped
            if line == b".\r\n":
                break
            if not line.endswith(b"\r\n"):
                self.r.note(event="bare-newline", session=self.number, rcpt=self.rcpt)
            if line.startswith(b"."):
                line = line[1:]
            size += len(line)
            if size <= SIZE_MAX:
                parts.append(line)
        return b"".join(parts)

    async def dot(self, data):
        rule = self.r.fault("dot", self)
        if not rule:
            number = self.r.accept(self, data, None)
            await self.say(f"250 2.0.0 kept as {number}")
            return
        if rule.do == "reply" and not rule.text.startswith("2"):
            self.r.note(event="fault", session=self.number, at="dot", do=rule.text,
                        rcpt=self.rcpt, sender=self.sender)
            await self.say(rule.text.replace("\\n", "\n"))
            if rule.text.startswith("421"):
                raise Dropped
            return
        if rule.do in ("drop", "hang"):
            self.r.note(event="fault", session=self.number, at="dot", do=rule.do, rcpt=self.rcpt,
                        sender=self.sender)
            if rule.do == "drop":
                raise Dropped
            await self.writer.drain()
            await asyncio.sleep(86400)
        if rule.do == "delay":
            await self.writer.drain()
            await asyncio.sleep(rule.seconds)
        number = self.r.accept(self, data, rule.do)
        if rule.do == "drop-after":
            raise Dropped
        if rule.do == "hang-after":
            await self.writer.drain()
            await asyncio.sleep(86400)
        text = rule.text.replace("\\n", "\n") if rule.do == "reply" else f"250 2.0.0 kept as {number}"
        await self.say(text, rule)
        if rule.do == "reset":  # with the reply on the way, and whatever came meanwhile unread
            await self.writer.drain()
            self.writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.writer.transport.abort()
            raise Dropped
        if rule.do == "close":
            await self.writer.drain()
            raise Dropped

    async def do_rset(self, _):
        self.reset()
        await self.answer("RSET", "250 2.0.0 ok")

    async def do_noop(self, _):
        await self.say("250 2.0.0 ok")

    async def do_quit(self, _):
        self.r.note(event="quit", session=self.number)
        await self.answer("QUIT", "221 2.0.0 bye")
        await self.writer.drain()
        raise Dropped


async def on_connection(receiver, reader, writer):
    session = Session(receiver, reader, writer)
    receiver.open += 1
    receiver.note(event="connect", session=session.number, open=receiver.open)
    try:
        await session.serve()
    except (Dropped, asyncio.CancelledError, ConnectionError, asyncio.IncompleteReadError,
            ssl.SSLError, OSError):
        pass
    except ValueError:  # a line beyond the reader's limit
        pass
    finally:
        receiver.open -= 1
        receiver.note(event="close", session=session.number)
        with contextlib.suppress(Exception):
            writer.close()


async def run(args):
    receiver = Receiver(args)
    tls = receiver.tls if args.smtps else None
    tasks = set()

    async def handle(reader, writer):
        task = asyncio.current_task()
        tasks.add(task)
        try:
            await on_connection(receiver, reader, writer)
        finally:
            tasks.discard(task)

    server = await asyncio.start_server(handle, args.host, args.port, limit=1 << 20, ssl=tls)
    for sig in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sig, receiver.done.set)
    print(f"PORT {server.sockets[0].getsockname()[1]}", flush=True)
    if args.with_parent:
        end_with_parent(receiver)
    await receiver.done.wait()
    server.close()
    if args.exit_after:
        await asyncio.sleep(0.2)  # let the last replies out
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
    p.add_argument("--dir", help="write accepted mails here as .eml files")
    p.add_argument("--names", choices=("number", "subject"), default="number",
                   help="file names: 0001.eml, or 0001-SUBJECT.eml")
    p.add_argument("--ledger", help="append one JSON line per event")
    p.add_argument("--quiet", action="store_true", help="print nothing but the port")
    p.add_argument("--script", help="JSON list of faults")
    p.add_argument("--fault", action="append", default=[], metavar="at=VERB,do=DEED[,…]")
    p.add_argument("--seed", type=int, default=1, help="of the percentages")
    p.add_argument("--cert", help="PEM certificate: offers STARTTLS")
    p.add_argument("--key", help="its key, if not in the same file")
    p.add_argument("--smtps", action="store_true", help="TLS from the first byte")
    p.add_argument("--login", metavar="USER:PASSWORD", help="demand this login")
    p.add_argument("--no-auth", action="store_true")
    p.add_argument("--no-pipelining", action="store_true")
    p.add_argument("--no-8bitmime", action="store_true")
    p.add_argument("--size", type=int, default=SIZE_MAX)
    p.add_argument("--exit-after", type=int, default=0, metavar="N", help="end after N mails")
    p.add_argument("--with-parent", action="store_true", help="end when standard input ends")
    return p.parse_args()


if __name__ == "__main__":
    try:
        asyncio.run(run(arguments()))
    except (ValueError, KeyError, OSError) as error:
        sys.exit(f"smtp_peer: {error}")
