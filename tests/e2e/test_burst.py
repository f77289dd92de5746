#!/usr/bin/env python3
"""A burst larger than a batch: through a relay that stands still, and through a stop of our own.

No time is measured here (tests/bench does that): what counts is that questions are answered while
nothing moves, that everybody is told once, and that what was never tried is left as if untouched.
"""
import collections
import os
import signal
import sqlite3

from daemon import PATIENCE, World, after, event, main, wait_for

ITEM = "item@example.org"
UNITS = 700    # a batch is 500
LEASED = 1000  # two of them
SLOW = 48      # mails, each 0.8 s: the last ones are claimed for more than 30 s
QUESTIONS = 20


def burst(world):
    """The relay takes 20 ms over each mail, so that there is an amid."""
    peer = world.peer("at=dot,do=delay,seconds=0.02")
    c = world.campaign(UNITS, steps='      - {name: 催办, at: "0", to: [liaison]}\n')
    c.events(event(ITEM, after(hours=-2)))
    d = world.daemon(c, relay=peer).start()
    wait_for("the first mails", lambda: len(peer.accepted()) >= 10)
    return peer, d


def outbox(d):
    return d.status()["campaigns"][0]["outbox"]


def told_once(peer):
    told = collections.Counter(r["rcpt"] for r in peer.accepted())
    assert set(told.values()) == {1}, [x for x in told.items() if x[1] > 1]
    assert len(told) == UNITS, len(told)


def test_relay_stands_still():
    with World() as w:
        peer, d = burst(w)
        os.kill(peer.process.pid, signal.SIGSTOP)
        try:
            before = outbox(d)["sent"]
            for _ in range(QUESTIONS):
                box = outbox(d)
                assert sum(box.values()) == UNITS, box
                assert box["leased"] <= LEASED, box
            d.ctl("submit", "u1", ITEM, "--why", "电话报送")  # acknowledged, that is committed
            assert before < UNITS, "the relay was stopped too late"
        finally:
            os.kill(peer.process.pid, signal.SIGCONT)
        d.wait_idle()
        told = collections.Counter(r["rcpt"] for r in peer.accepted() if "liaison" in r["rcpt"])
        told["liaison1@example.org"] = 1  # the reminder, or a receipt, or both
        assert set(told.values()) == {1} and len(told) == UNITS, told
        d.stop()


def test_who_reports_while_a_relay_is_slow_is_not_chased_half_a_minute_later():
    """A batch that takes long is looked at again before what is left of it is sent."""
    with World() as w:
        peer = w.peer("at=dot,do=delay,seconds=0.8")
        c = w.campaign(SLOW, steps='      - {name: 催办, at: "0", to: [liaison]}\n')
        c.events(event(ITEM, after(hours=-2)))
        d = w.daemon(c, relay=peer, mail=", connections: 1").start()
        wait_for("all are claimed", lambda: outbox(d)["leased"] >= SLOW - 5)
        units = range(SLOW - 3, SLOW + 1)
        for unit in units:
            d.ctl("submit", f"u{unit}", ITEM, "--why", "电话报送")
        assert outbox(d)["sent"] < SLOW - 10, "the relay was too fast"
        d.wait_idle(2 * PATIENCE)
        told = collections.Counter(r["rcpt"] for r in peer.accepted())
        for unit in units:
            assert told[f"liaison{unit}@example.org"] == 1, (unit, "more than the receipt")
        assert len([r for r in told if "liaison" in r]) == SLOW, told
        d.stop()


def test_stop_amid():
    with World() as w:
        peer, d = burst(w)
        d.stop()
        with sqlite3.connect(os.path.join(w.dir, "db", "duban.db")) as db:
            states = dict(db.execute("SELECT state, count(*) FROM message GROUP BY state"))
            tried = db.execute("SELECT count(*) FROM message WHERE attempts > 0").fetchone()[0]
        assert states.get(1, 0) == 0, states  # nothing is left leased
        assert states.get(0, 0) > 0, states   # and this was amid the burst
        assert tried == states.get(2, 0), (tried, states)
        d.start()
        d.wait_idle()
        told_once(peer)
        d.stop()


if __name__ == "__main__":
    main(globals())
