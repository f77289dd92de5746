#!/usr/bin/env python3
"""Relays that misbehave: what is recorded, what is said, when it is tried again, whom it delays.

Virtual time (the paced clock) where a retry must be seen to succeed, real time where a peer hangs.
"""
import concurrent.futures
import datetime
import os
import re
import signal
import time

from daemon import PATIENCE, Skip, World, after, certificate, event, main, now, wait_for

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


# Trouble with one recipient: (name, fault, state, status, verb in the log, words in the log).
# "leased": the relay has not answered and may still do so.
RECIPIENTS = [
    ("mailbox busy", "at=RCPT,do=reply,text=450 4.2.0 busy", "retry", 450, "RCPT", "busy"),
    ("no such mailbox", "at=RCPT,do=reply,text=550 5.1.1 unknown user", "refused", 550, "RCPT", "5.1.1"),
    ("mailbox full", "at=RCPT,do=reply,text=552 5.2.2 full", "refused", 552, "RCPT", "full"),
    ("host not found", "at=RCPT,do=reply,text=550 5.4.4 no route", "retry", 550, "RCPT", "5.4.4"),
    ("421 at RCPT", "at=RCPT,do=reply,text=421 4.3.2 closing", "retry", 421, "RCPT", "closing"),
    ("hung up at RCPT", "at=RCPT,do=drop", "retry", 0, "RCPT", "hung up"),
    ("RCPT in three lines", "at=RCPT,do=reply,text=250-one\\n250-two\\n250 three", "sent", 250, "", ""),
    ("RCPT byte by byte", "at=RCPT,do=slow,seconds=0.01", "sent", 250, "", ""),
    ("100 KB at RCPT", "at=RCPT,do=long", "retry", 0, "RCPT", "does not speak SMTP"),
    ("rubbish behind RCPT", "at=RCPT,do=garbage", "retry", 0, "DATA", "does not speak SMTP"),
    ("two replies to RCPT", "at=RCPT,do=reply,text=250 ok\\n250 ok", "retry", 0, "DATA", "no sense"),
    ("RCPT asks for data", "at=RCPT,do=reply,text=354 go on", "retry", 0, "RCPT", "no sense"),
    ("a number that is none", "at=RCPT,do=reply,text=999 what", "retry", 0, "RCPT", "not speak SMTP"),
    ("numbers that change", "at=RCPT,do=reply,text=250-a\\n550 b", "retry", 0, "RCPT", "not speak SMTP"),
    ("no answer at RCPT", "at=RCPT,do=hang", "leased", None, "", ""),
    ("451 at DATA", "at=DATA,do=reply,text=451 4.3.0 later", "retry", 451, "DATA", "later"),
    ("554 at DATA", "at=DATA,do=reply,text=554 5.7.1 no", "refused", 554, "DATA", "5.7.1"),
    ("421 at DATA", "at=DATA,do=reply,text=421 4.3.2 closing", "retry", 421, "DATA", "closing"),
    ("hung up at DATA", "at=DATA,do=drop", "retry", 0, "DATA", "hung up"),
    ("DATA without 354", "at=DATA,do=reply,text=250 ok", "retry", 0, "DATA", "no sense"),
    ("no answer at DATA", "at=DATA,do=hang", "leased", None, "", ""),
    ("451 at the dot", "at=dot,do=reply,text=451 4.3.0 later", "retry", 451, "dot", "later"),
    ("disk full", "at=dot,do=reply,text=452 4.3.1 no space", "retry", 452, "dot", "no space"),
    ("421 at the dot", "at=dot,do=reply,text=421 4.3.2 closing", "retry", 421, "dot", "closing"),
    ("552 at the dot", "at=dot,do=reply,text=552 5.3.4 too big", "refused", 552, "dot", "too big"),
    ("554 at the dot", "at=dot,do=reply,text=554 5.7.1 spam", "refused", 554, "dot", "spam"),
    ("hung up before the 250", "at=dot,do=drop", "unknown", 0, "dot", "hung up"),
    ("took it, hung up", "at=dot,do=drop-after", "unknown", 0, "dot", "hung up"),
    ("hung up after the 250", "at=dot,do=close", "sent", 250, "", ""),
    ("250 in three lines", "at=dot,do=reply,text=250-one\\n250-two\\n250 three", "sent", 250, "", ""),
    ("250 byte by byte", "at=dot,do=slow,seconds=0.01", "sent", 250, "", ""),
    ("250 with 100 KB", "at=dot,do=long", "unknown", 0, "dot", "does not speak SMTP"),
    ("rubbish behind the 250", "at=dot,do=garbage", "sent", 250, "", ""),
    ("354 at the dot", "at=dot,do=reply,text=354 go on", "unknown", 0, "dot", "no sense"),
    ("no answer to the dot", "at=dot,do=hang", "leased", None, "", ""),
    ("took it, no answer", "at=dot,do=hang-after", "leased", None, "", ""),
]
GOOD = 100


def told(d, r, since, status, verb, words):
    """The log line, the words kept, and the next try of a message that was not taken."""
    line = logged(d, r["message"])
    outcome = "refused" if r["state"] == "refused" else r["state"]
    assert f"outcome={outcome} " in line and f"status={status} " in line, line
    assert re.search(f"verb={verb} ", line) and words in line, line
    assert r["status"] == status and words in r["reply"], r
    if r["state"] == "refused":
        assert r["next_try"] is None, r
    else:  # 30 s and up to a tenth
        wait = (datetime.datetime.fromisoformat(r["next_try"]) - since).total_seconds()
        assert 29 <= wait <= 33 + PATIENCE, (wait, r)


def test_each_recipient():
    """Forms of trouble, each with one recipient, amid a hundred others, who do not notice."""
    n = GOOD + len(RECIPIENTS)
    # Bad and good mixed, so that each kind of trouble has innocent neighbours.
    number = {case[0]: 2 + k * n // len(RECIPIENTS) for k, case in enumerate(RECIPIENTS)}
    assert len(set(number.values())) == len(RECIPIENTS) and max(number.values()) <= n
    with World() as w:
        peer = w.peer(*(f"{case[1]},rcpt=liaison{number[case[0]]}@*" for case in RECIPIENTS))
        since = now()
        d = w.daemon(town(w, n), relay=peer).start()
        good = {f"liaison{i}@example.org" for i in range(1, n + 1)} - {
            f"liaison{i}@example.org" for i in number.values()}

        def ended():
            rows = {r["address"]: r for r in d.json("deliveries")}
            hanging = sum(r["state"] == "leased" for r in rows.values())
            busy = sum(r["state"] == "queued" for r in rows.values())
            return rows if len(rows) >= n and not busy and hanging == 4 else None
        # Nobody goes back to wait although every connection is held up: well before the second try.
        rows = wait_for("an end of all but those that get no answer", ended)
        for address in good:  # the relay still owes four answers, and none of these has waited
            r = rows[address]
            assert r["state"] == "sent" and r["attempts"] == 1, r
            assert len(peer.accepted(address)) == 1, address
        for name, _, state, status, verb, words in RECIPIENTS:
            r = rows[f"liaison{number[name]}@example.org"]
            assert r["state"] == state and r["attempts"] == 1, (name, r)
            if state == "sent":
                assert r["status"] == status, (name, r)
                assert len(peer.accepted(r["address"])) == 1, name
            elif state != "leased":
                told(d, r, since, status, verb, words)
        marked = {u["unit"] for u in d.json("units") for c in u["contacts"] if "unreachable_since" in c}
        assert marked == {f"u{number[c[0]]}" for c in RECIPIENTS if c[2] == "refused" and c[4] != "DATA"}
        d.kill()  # with four answers owed
        d.start()
        assert "event=recover messages-of-unknown-fate=4" in d.log(), d.log()
        wait_for("the second attempt at what may have arrived",
                 lambda: len(peer.accepted(f"liaison{number['took it, no answer']}@example.org")) == 2)
        again = peer.accepted(f"liaison{number['took it, no answer']}@example.org")
        assert again[0]["message_id"] == again[1]["message_id"], again
        d.kill()


# Trouble with the relay itself: (name, faults, options of the peer, options of `mail`, status,
# verb, words).  Nothing is sent, everything is tried again, and nobody is called unreachable.
REFUSALS = [
    ("554 for a greeting", ["at=greeting,do=reply,text=554 5.7.1 go away"], [], "", 0, "greeting", "go away"),
    ("421 for a greeting", ["at=greeting,do=reply,text=421 4.7.0 busy"], [], "", 421, "greeting", "busy"),
    ("hung up at once", ["at=connect,do=drop"], [], "", 0, "(connect|greeting)", ""),
    ("rubbish for a greeting", ["at=greeting,do=reply,text=HTTP/1.1 400 Bad"], [], "", 0, "greeting", ""),
    ("421 at EHLO", ["at=EHLO,do=reply,text=421 4.7.0 no"], [], "", 421, "EHLO", "no"),
    ("hung up at EHLO", ["at=EHLO,do=drop"], [], "", 0, "EHLO", ""),
    ("neither EHLO nor HELO", ["at=EHLO,do=reply,text=550 no", "at=HELO,do=reply,text=550 never"],
     [], "", 0, "EHLO", "never"),
    ("EHLO refused, TLS required", ["at=EHLO,do=reply,text=502 what"], [], ", starttls: required",
     0, "EHLO", "what"),
    ("451 at MAIL", ["at=MAIL,do=reply,text=451 4.3.0 later"], [], "", 451, "MAIL", "later"),
    ("421 at MAIL", ["at=MAIL,do=reply,text=421 4.3.2 closing"], [], "", 421, "MAIL", "closing"),
    ("sender refused", ["at=MAIL,do=reply,text=550 5.7.1 bad sender"], [], "", 550, "MAIL", "bad sender"),
    ("login wanted", [], ["--login", "a:b"], "", 530, "MAIL", "authentication required"),
    ("hung up at MAIL", ["at=MAIL,do=drop"], [], "", 0, "MAIL", "hung up"),
    ("421 at DATA", ["at=DATA,do=reply,text=421 4.3.2 closing"], [], "", 421, "DATA", "closing"),
    ("no STARTTLS", [], [], ", starttls: required", 0, "STARTTLS", ""),
    ("STARTTLS 454", ["at=STARTTLS,do=reply,text=454 4.7.0 not now"], ["own"], ", starttls: required",
     454, "STARTTLS", "not now"),
    ("STARTTLS 502", ["at=STARTTLS,do=reply,text=502 5.5.1 no"], ["own"], ", starttls: required",
     0, "STARTTLS", "no"),
    ("hung up at STARTTLS", ["at=STARTTLS,do=drop"], ["own"], ", starttls: required", 0, "STARTTLS", ""),
    ("nobody's certificate", [], ["own"], ", starttls: required", 0, "STARTTLS", "certificate"),
    ("certificate expired", [], ["expired"], ", starttls: required, ca_file: {ca}", 0, "STARTTLS", "expired"),
    ("certificate of another", [], ["other"], ", starttls: required, ca_file: {ca}", 0, "STARTTLS",
     "(does not match|IP address mismatch|no alternative)"),
    ("wrong password", [], ["--login", "a:b"], ", user: a, password_file: {secret}", 0, "AUTH", "5.7.8"),
    ("no login for now", ["at=AUTH,do=reply,text=454 4.7.0 later"], [], ", user: a, password_file: {secret}",
     454, "AUTH", "later"),
    ("hung up at AUTH", ["at=AUTH,do=drop"], [], ", user: a, password_file: {secret}", 0, "AUTH", ""),
    ("no AUTH", [], ["--no-auth"], ", user: a, password_file: {secret}", 0, "AUTH", "offers no AUTH"),
]


def refused_by(case):
    name, faults, options, mail, status, verb, words = case
    with World() as w:
        if options and not options[0].startswith("-"):
            both, own = certificate(w, options[0])
            mail, options = mail.replace("{ca}", own), ["--cert", both]
        secret = os.path.join(w.dir, "secret")
        with open(secret, "w", encoding="utf-8") as f:
            f.write("wrong\n")
        peer = w.peer(*faults, options=options)
        since = now()
        d = w.daemon(town(w), relay=peer, mail=mail.replace("{secret}", secret)).start()
        for n in (1, 2, 3):
            r = settled(d, f"liaison{n}@example.org", "retry")
            assert r["attempts"] == 1 and r["status"] == status, r
            assert re.search(words, r["reply"]), r
            told(d, r, since, status, verb, "")
        assert not [c for u in d.json("units") for c in u["contacts"] if "unreachable_since" in c]
        assert not peer.accepted()
        d.stop()


def side_by_side(fn, cases):
    """They wait most of the time."""
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        jobs = [(case[0], pool.submit(fn, case)) for case in cases]
    wrong = [(name, job.exception()) for name, job in jobs if job.exception()]
    for name, why in wrong:
        if isinstance(why, Skip):
            print(f"  without {name}: {why}")
    wrong = [(name, why) for name, why in wrong if not isinstance(why, Skip)]
    assert not wrong, "\n".join(f"{name}: {e!r}" for name, e in wrong)


def test_refusals_of_the_relay_harm_nobody():
    """A relay that refuses us, at any verb, says nothing about the recipients: retried, reachable."""
    side_by_side(refused_by, REFUSALS)


# Relays with which one can live: everything arrives, at the first attempt.
# (name, faults, options of the peer, options of `mail`)
LIVABLE = [
    ("speaks only HELO", ["at=EHLO,do=reply,text=502 5.5.1 what"], [], ""),
    ("no 8BITMIME, no PIPELINING", [], ["--no-8bitmime", "--no-pipelining"], ""),
    ("every reply in pieces", [f"at={verb},do=slow,seconds=0.001" for verb in
                               ("greeting", "EHLO", "MAIL", "RCPT", "DATA", "dot")], [], ""),
    ("a slow greeting", ["at=greeting,do=delay,seconds=1.5"], [], ""),
    ("STARTTLS of nobody's certificate, if offered", [], ["own"], ""),
    ("TLS and a login", [], ["own", "--login", "a:wrong"],
     ", starttls: required, ca_file: {ca}, user: a, password_file: {secret}"),
    ("two connections at most", ["at=greeting,do=reply,text=421 4.7.0 too many connections,busy=2"], [], ""),
    ("five mails a session, then it hangs up", ["at=MAIL,do=drop,over=5"], [], ""),
    ("five mails a session, then 421", ["at=MAIL,do=reply,text=421 4.7.0 enough,over=5"], [], ""),
    ("one mail a session", ["at=dot,do=close"], [], ""),
    ("QUIT is not answered", ["at=QUIT,do=hang"], [], ""),
]


def lived_with(case):
    _, faults, options, mail = case
    with World() as w:
        if options and not options[0].startswith("-"):
            both, own = certificate(w, options[0])
            mail, options = mail.replace("{ca}", own), ["--cert", both, *options[1:]]
        secret = os.path.join(w.dir, "secret")
        with open(secret, "w", encoding="utf-8") as f:
            f.write("wrong\n")
        peer = w.peer(*faults, options=options)
        d = w.daemon(town(w, 40), relay=peer, mail=mail.replace("{secret}", secret)).start()
        wait_for("all mails", lambda: len(peer.accepted()) >= 40)
        d.wait_idle()
        rows = [r for r in d.json("deliveries") if r["address"].startswith("liaison")]
        assert len(rows) == 40 and len(peer.accepted()) == 40
        late = [r for r in rows if r["state"] != "sent" or r["attempts"] != 1]
        assert not late, (len(late), late[0])
        if "certificate" in case[0]:
            assert all(r["tls"] for r in peer.accepted())
        if "at most" in case[0]:  # what it turned away once is not asked again and again
            assert 2 <= len(peer.ledger("connect")) <= 6, len(peer.ledger("connect"))
        d.stop()


def test_relays_one_can_live_with():
    side_by_side(lived_with, LIVABLE)


def test_too_large():
    """SIZE says beforehand what the relay would refuse: not offered to it, told to the office."""
    with World() as w:
        peer = w.peer(options=("--size", "500"))
        d = w.daemon(town(w), relay=peer).start()
        r = settled(d, "liaison1@example.org", "refused")
        assert r["status"] == 552 and "larger than the relay takes" in r["reply"], r
        assert not peer.ledger("fault") and not peer.accepted()
        assert not [c for u in d.json("units") for c in u["contacts"] if "unreachable_since" in c]
        d.stop()


def test_enough_recipients():
    """452 after so many recipients in a session: those are tried again, none is given up."""
    with World() as w:
        peer = w.peer("at=RCPT,do=reply,text=452 4.5.3 too many recipients,over=3")
        d = w.daemon(town(w, 40), relay=peer).start()
        for n in range(1, 41):
            r = settled(d, f"liaison{n}@example.org", "sent", "retry")
            assert r["status"] == (250 if r["state"] == "sent" else 452), r
        taken = [r["rcpt"] for r in peer.accepted()]
        assert len(taken) == len(set(taken)) >= 3, taken
        d.stop()


def test_more_replies_than_questions():
    """A relay whose replies run ahead of the questions: nothing is believed that is not so."""
    with World() as w:
        peer = w.peer("at=dot,do=reply,text=250 kept\\n250 kept,rcpt=liaison1*")
        d = w.daemon(town(w, 20), relay=peer).start()
        for n in range(1, 21):
            r = settled(d, f"liaison{n}@example.org", "sent", "retry", "unknown")
            taken = len(peer.accepted(r["address"]))
            assert taken == 1 if r["state"] == "sent" else r["state"] == "unknown" or taken == 0, r
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
