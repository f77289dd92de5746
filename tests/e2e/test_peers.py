#!/usr/bin/env python3
"""Relays that misbehave: what is recorded, what is said, when it is tried again, whom it delays.

Virtual time (the paced clock) where a retry must be seen to succeed, real time where a peer hangs.
"""
import os
import re
import signal
import subprocess
import time

from daemon import Skip, World, after, event, main, wait_for

ITEM = "item@example.org"


def town(world, units=3):
    c = world.campaign(units, steps='      - {name: 催办, at: "0", to: [liaison]}\n')
    c.events(event(ITEM, after(hours=-2)))
    return c


def row(d, address):
    rows = [r for r in d.json("deliveries") if r["address"] == address]
    assert len(rows) == 1, rows
    return rows[0]


def settled(d, address, *states):
    def look():
        rows = [r for r in d.json("deliveries") if r["address"] == address]
        return rows[-1] if rows and rows[-1]["state"] in states else None
    return wait_for(f"{address} is {' or '.join(states)}", look)


def logged(d, message):
    lines = [x for x in d.log().splitlines()
             if " event=delivery " in x and f" message={message} " in x]
    assert lines, f"nothing is logged of message {message}"
    return lines[0]


# (fault, state, status, verb in the log, other recipients unharmed)
REPLIES = [
    ("at=RCPT,do=reply,text=450 4.2.0 busy,rcpt=liaison1@*,first=1", "retry", 450, "RCPT"),
    ("at=RCPT,do=reply,text=550 5.1.1 unknown user,rcpt=liaison1@*", "refused", 550, "RCPT"),
    ("at=dot,do=reply,text=451 4.3.0 later,rcpt=liaison1@*,first=1", "retry", 451, "dot"),
    ("at=dot,do=reply,text=554 5.7.1 no,rcpt=liaison1@*", "refused", 554, "dot"),
    ("at=dot,do=drop,rcpt=liaison1@*,first=1", "unknown", 0, "dot"),
    ("at=dot,do=drop-after,rcpt=liaison1@*,first=1", "unknown", 0, "dot"),
    ("at=RCPT,do=drop,rcpt=liaison1@*,first=1", "retry", 0, "RCPT"),
]


def test_each_reply():
    """One recipient meets trouble: its outcome, its next try, its log line; the others get theirs."""
    for fault, state, status, verb in REPLIES:
        with World() as w:
            peer = w.peer(fault)
            d = w.daemon(town(w), relay=peer).start()
            r = settled(d, "liaison1@example.org", state)
            assert r["status"] == status, (fault, r)
            line = logged(d, r["message"])
            assert f"status={status}" in line and f"verb={verb}" in line, (fault, line)
            if state == "refused":
                assert r["next_try"] is None and r["attempts"] == 1
            else:
                assert r["next_try"] is not None, (fault, r)
            for n in (2, 3):
                settled(d, f"liaison{n}@example.org", "sent", "retry", "unknown")
            # A broken connection takes those behind it along only as a retry, never for good.
            assert d.ctl("deliveries").stdout.count("liaison") == 3
            d.stop()


def test_refusals_of_the_relay_harm_nobody():
    """A relay that refuses us, at any verb, says nothing about the recipients: retried, reachable."""
    for fault in ("at=greeting,do=reply,text=554 5.7.1 go away", "at=EHLO,do=reply,text=421 4.7.0 no",
                  "at=MAIL,do=reply,text=550 5.7.1 bad sender", "at=MAIL,do=reply,text=451 4.3.0 later",
                  "at=DATA,do=reply,text=421 4.3.2 shutting down", "at=greeting,do=reply,text=421 busy",
                  "at=connect,do=drop", "at=EHLO,do=drop", "at=MAIL,do=drop", "at=DATA,do=drop"):
        with World() as w:
            peer = w.peer(fault)
            d = w.daemon(town(w), relay=peer).start()
            for n in (1, 2, 3):
                try:
                    r = settled(d, f"liaison{n}@example.org", "retry")
                except AssertionError as e:
                    raise AssertionError(f"{fault}: {e}") from None
                assert r["next_try"] is not None, (fault, r)
            assert not [c for u in d.json("units") for c in u["contacts"] if "unreachable_since" in c], fault
            assert not peer.accepted(), fault
            logged(d, row(d, "liaison1@example.org")["message"])
            d.stop()


def test_nobody_listens():
    with World() as w:
        peer = w.peer()
        peer.stop()  # a port on which nobody listens any more
        d = w.daemon(town(w), relay=peer.port).start()
        r = settled(d, "liaison1@example.org", "retry")
        line = logged(d, r["message"])
        assert "verb=connect" in line, line
        d.stop()


def test_retry_succeeds():
    """In virtual time: later, the same mail under the same identity, on a schedule that widens."""
    with World() as w:
        peer = w.peer("at=dot,do=reply,text=451 4.3.0 later,rcpt=liaison1@*,first=3",
                      "at=dot,do=drop-after,rcpt=liaison2@*,first=1",
                      "at=DATA,do=reply,text=421 4.3.2 shutting down,rcpt=liaison3@*,first=1")
        c = w.campaign(3, steps='      - {name: 催办, at: "0", to: [liaison]}\n')
        c.events(event(ITEM, after(days=-1)))
        start = after(days=-1, minutes=-5).strftime("%Y-%m-%dT%H:%M:%S")
        d = w.daemon(c, relay=peer, settings=f'clock: {{pace: 600, start: "{start}"}}\n').start()
        for n in (1, 2, 3):
            settled(d, f"liaison{n}@example.org", "sent")
        assert row(d, "liaison1@example.org")["attempts"] == 4
        second = peer.accepted("liaison2@example.org")
        assert len(second) == 2 and len({r["message_id"] for r in second}) == 1, second
        assert len(peer.accepted("liaison1@example.org")) == 1
        assert len(peer.accepted("liaison3@example.org")) == 1
        d.stop()


def test_expired():
    """A recipient whose relay never takes it: given up after `expire`, and the office is told once."""
    with World() as w:
        peer = w.peer("at=RCPT,do=reply,text=450 4.2.0 busy,rcpt=liaison1@*")
        c = w.campaign(2, steps='      - {name: 催办, at: "0", to: [liaison]}\n')
        c.events(event(ITEM, after(days=-9)))
        start = after(days=-9, minutes=-5).strftime("%Y-%m-%dT%H:%M:%S")
        d = w.daemon(c, relay=peer, settings=f'expire: 1d\nclock: {{pace: 100000, start: "{start}"}}\n'
                     ).start()
        r = settled(d, "liaison1@example.org", "expired")
        assert r["attempts"] > 10, r
        wait_for("the office's mail", lambda: peer.accepted("office@example.org"))
        settled(d, "liaison2@example.org", "sent")
        told = [n for n in d.json("notices") if n["sort"] == "alarm"]
        assert len(told) == 1 and "liaison1@example.org" in told[0]["reason"], told
        d.stop()


def test_unreachable_is_told_once():
    """5xx for one mailbox: marked, never dropped; one alarm a day whatever the number of mails."""
    with World() as w:
        peer = w.peer("at=RCPT,do=reply,text=550 5.1.1 unknown user,rcpt=liaison1@*")
        c = town(w)
        d = w.daemon(c, relay=peer).start()
        settled(d, "liaison1@example.org", "refused")
        wait_for("the alarm", lambda: peer.accepted("office@example.org"))
        contact = [x for x in d.json("units", "--unit", "u1")[0]["contacts"] if x["role"] == "liaison"]
        assert contact[0]["unreachable_since"], contact
        assert "无法送达" in d.ctl("units", "--unit", "u1").stdout
        d.ctl("submit", "u1", ITEM, "--why", "试")  # the receipt goes to the same mailbox
        wait_for("the second refusal", lambda: len([r for r in d.json("deliveries", "--state", "refused")]) == 2)
        d.wait_idle()
        assert len(peer.accepted("office@example.org")) == 1, "the office was alarmed twice"
        d.stop()


def test_one_hanging_recipient():
    """The dot of one mail is never answered: the others do not wait for it."""
    with World() as w:
        peer = w.peer("at=dot,do=hang,rcpt=liaison3@*")
        d = w.daemon(town(w, 40), relay=peer).start()
        began = time.monotonic()
        wait_for("all others", lambda: len({r["rcpt"] for r in peer.accepted()}) == 39, 30)
        took = time.monotonic() - began
        assert row(d, "liaison3@example.org")["state"] == "leased"
        assert d.ctl("status").stdout
        d.kill()  # its fate is unknown now
        d.start()
        r = row(d, "liaison3@example.org")
        assert r["state"] in ("unknown", "leased"), r
        d.kill()
        assert took < 20, f"the others waited {took:.0f} s"


def test_one_byte_a_second():
    """A relay that answers byte by byte is slow for its own mail only; a stop does not wait for ever."""
    with World() as w:
        peer = w.peer("at=dot,do=slow,seconds=0.5,rcpt=liaison2@*")
        d = w.daemon(town(w, 20), relay=peer).start()
        wait_for("all others", lambda: len({r["rcpt"] for r in peer.accepted()}) >= 19, 30)
        settled(d, "liaison2@example.org", "sent")
        d.stop()


def test_greeting_delay():
    with World() as w:
        peer = w.peer("at=greeting,do=delay,seconds=3")
        d = w.daemon(town(w), relay=peer).start()
        began = time.monotonic()
        d.json("due")  # meanwhile the daemon answers
        assert time.monotonic() - began < 2
        d.wait_idle()
        assert len(peer.accepted()) == 3
        d.stop()


def test_hang_at_every_verb():
    """Nothing is answered: the daemon still answers, and a stop takes its time but ends."""
    for verb in ("greeting", "EHLO", "MAIL"):
        with World() as w:
            peer = w.peer(f"at={verb},do=hang")
            d = w.daemon(town(w), relay=peer).start()
            wait_for("the connection", lambda: peer.ledger("connect"))
            d.json("due")
            d.ctl("submit", "u1", ITEM, "-", "--why", "试")
            if verb == "MAIL":
                d.stop(signal.SIGTERM, seconds=40)
                assert "still-in-flight" in d.log()
            else:
                d.kill()


def certificate(w, name="127.0.0.1"):
    path = os.path.join(w.dir, "cert.pem")
    run = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                          "-subj", f"/CN={name}", "-addext", f"subjectAltName=IP:{name}",
                          "-keyout", path + ".key", "-out", path + ".crt"],
                         capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise Skip("openssl makes no certificate: " + run.stderr.strip()[-200:])
    with open(path, "wb") as out:
        for part in (".key", ".crt"):
            with open(path + part, "rb") as f:
                out.write(f.read())
    return path, path + ".crt"


def test_starttls():
    with World() as w:
        both, own = certificate(w)
        peer = w.peer(options=("--cert", both))
        d = w.daemon(town(w), relay=peer, mail=f", starttls: required, ca_file: {own}").start()
        d.wait_idle()
        assert len(peer.accepted()) == 3 and all(r["tls"] for r in peer.accepted())
        d.stop()


def test_starttls_refused():
    """Required and not offered, refused, or with a certificate of nobody: not a byte of the mail."""
    with World() as w:
        peer = w.peer()
        d = w.daemon(town(w), relay=peer, mail=", starttls: required").start()
        r = settled(d, "liaison1@example.org", "retry")
        assert re.search("verb=(connect|STARTTLS)", logged(d, r["message"]))
        assert not peer.accepted()
        d.stop()
    with World() as w:
        both, _ = certificate(w)
        peer = w.peer("at=STARTTLS,do=reply,text=454 4.7.0 not now", options=("--cert", both))
        d = w.daemon(town(w), relay=peer, mail=", starttls: required").start()
        settled(d, "liaison1@example.org", "retry")
        assert not peer.accepted()
        d.stop()
    with World() as w:
        both, _ = certificate(w)
        peer = w.peer(options=("--cert", both))
        d = w.daemon(town(w), relay=peer, mail=", starttls: required").start()
        r = settled(d, "liaison1@example.org", "retry")
        assert not peer.accepted()
        assert "certificate" in logged(d, r["message"]).lower(), logged(d, r["message"])
        d.stop()


def test_redirect():
    """试运行: everything to one mailbox, with who should have had it on top."""
    with World() as w:
        peer = w.peer()
        d = w.daemon(town(w), relay=peer, settings="redirect: shiyunxing@example.org\n").start()
        d.wait_idle()
        assert {r["rcpt"] for r in peer.accepted()} == {"shiyunxing@example.org"}
        assert len(peer.accepted()) == 3
        assert "试运行" in d.ctl("status").stdout
        d.stop()


if __name__ == "__main__":
    main(globals())
