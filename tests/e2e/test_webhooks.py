#!/usr/bin/env python3
"""Webhooks that misbehave: what is recorded, what is said, when it is tried again, whom it delays.

Each unit's address is a path of its own; those that do not answer are hosts of their own, as
they would be: a host that hangs keeps its own messages waiting, and nobody else's.
"""
import datetime
import email
import hashlib
import os
import re

from daemon import PATIENCE, HttpPeer, World, after, certificate, event, main, now, wait_for

ITEM = "item@example.org"
STEPS = '      - {name: 催办, at: "0", to: [liaison], via: [webhook]}\n'
SECRET = "geheim"


def town(world, urls):
    """One unit a URL, in their order: u1, u2 …"""
    c = world.campaign(1, steps=STEPS)
    rows = ["unit,name,kind,role,person,email,webhook",
            "anban,安委办,office,liaison,办甲,office@example.org,"]
    rows += [f"u{i},单位{i},局,liaison,联{i},l{i}@example.org,{url}" for i, url in enumerate(urls, 1)]
    c.write("units.csv", "\n".join(rows) + "\n")
    c.events(event(ITEM, after(hours=-2)))
    return c


def settings(world, more=""):
    path = os.path.join(world.dir, "webhook.secret")
    with open(path, "w", encoding="utf-8") as f:
        f.write(SECRET + "\n")
    return f'webhook: {{secret_file: {path}, allow: ["127.0.0.0/8"]}}\n{more}'


def shown(url):
    """As people see it: the path may be a key."""
    host, slash, path = url.split("://")[1].partition("/")
    if not path:
        return url
    first = "/" + path.split("/")[0] if "/" in path.rstrip("/") else ""
    return f"{url.split(':')[0]}://{host}{first}{slash}…#{hashlib.sha256(url.encode()).hexdigest()[:6]}"


def rows_of(d):
    return {r["address"]: r for r in d.json("deliveries") if r["channel"] == "webhook"}


def logged(d, message):
    lines = [x for x in d.log().splitlines()
             if " event=delivery " in x and f" message={message} " in x]
    assert lines, f"nothing is logged of message {message}"
    return lines[0]


BIG = "".join(f"X-{i}: {i:060d}\\r\\n" for i in range(1700))
IN_TWO_HOURS = (datetime.datetime.now(datetime.timezone.utc)
                + datetime.timedelta(hours=2)).strftime("%a\\, %d %b %Y %H:%M:%S GMT")
# (name, fault, state, status, seconds until the next try: from, to)
ANSWERS = [
    ("200", "do=status,status=200", "sent", 200, None),
    ("204", "do=status,status=204", "sent", 204, None),
    ("a redirect inwards", "do=status,status=301,header=Location: http://169.254.169.254/", "refused",
     301, None),
    ("a redirect to itself", "do=status,status=302,header=Location: /loop", "refused", 302, None),
    ("bad request", "do=status,status=400", "refused", 400, None),
    ("unknown", "do=status,status=404", "refused", 404, None),
    ("gone", "do=status,status=410", "refused", 410, None),
    ("too slow for it", "do=status,status=408", "retry", 408, (29, 33)),
    ("too many, 7 s", "do=status,status=429,header=Retry-After: 7", "retry", 429, (29, 33)),
    ("too many, an hour", "do=status,status=429,header=Retry-After: 3600", "retry", 429, (3599, 3600)),
    ("too many, until a date", f"do=status,status=429,header=Retry-After: {IN_TWO_HOURS}", "retry", 429,
     (6800, 7200)),
    ("too many, for ever", "do=status,status=429,header=Retry-After: 1000000000", "retry", 429,
     (86399, 86400)),
    ("too many, -1", "do=status,status=429,header=Retry-After: -1", "retry", 429, (29, 33)),
    ("too many, rubbish", "do=status,status=429,header=Retry-After: soon", "retry", 429, (29, 33)),
    ("broken", "do=status,status=500", "retry", 500, (29, 33)),
    ("unavailable", "do=status,status=503", "retry", 503, (29, 33)),
    ("hangs up after reading", "do=drop-after", "unknown", 0, (29, 33)),
    ("resets after reading", "do=reset", "unknown", 0, (29, 33)),
    ("a body without end", "do=endless", "sent", 200, None),
    ("reset within its body", "do=raw,body=HTTP/1.1 200 OK\\r\\nContent-Length: 99\\r\\n\\r\\nhalf", "sent",
     200, None),
    ("a gzip bomb", "do=raw,body=HTTP/1.1 200 OK\\r\\nContent-Encoding: gzip\\r\\n\\r\\n"
     "\\x1f\\x8b\\x08" + "\\x00" * 2000, "sent", 200, None),
    ("a head of 100 KB", f"do=raw,body=HTTP/1.1 200 OK\\r\\n{BIG}\\r\\n", "sent", 200, None),
    ("HTTP/0.9", "do=raw,body=hello", "unknown", 0, (29, 33)),
    ("SMTP", "do=raw,body=220 relay ready\\r\\n", "unknown", 0, (29, 33)),
]
GOOD = 40


def test_each_answer():
    """Forms of trouble, each with one address, amid others that do not notice."""
    with World() as w:
        peer = w.add(HttpPeer(w.dir, "a", *(f"path=/bad{k},{case[1]}" for k, case in enumerate(ANSWERS)),
                              options=("--secret", SECRET, "--tolerance", "60")))
        dead = w.add(HttpPeer(w.dir, "b", "do=hang"))
        drip = w.add(HttpPeer(w.dir, "c", "do=slow"))
        good = [peer.url(f"/good{n}") for n in range(GOOD)]
        bad = [peer.url(f"/bad{k}") for k in range(len(ANSWERS))]
        silent = [dead.url(f"/{n}") for n in range(6)] + [drip.url("/")]
        hidden = ["http://169.254.169.254/latest/", "http://[::ffff:169.254.169.254]/", "http://10.0.0.1/"]
        since = now()
        d = w.daemon(town(w, silent + bad + good + hidden), relay=w.peer(), settings=settings(w)).start()
        others = set(map(shown, bad + good + hidden))
        rows = wait_for("an end of all that are answered", lambda: (
            lambda r: r if others <= {a for a, x in r.items() if x["state"] not in ("queued", "leased")}
            else None)(rows_of(d)))
        for url in good:  # those that hang are owed an answer still: nobody has waited for them
            assert rows[shown(url)]["state"] == "sent" and rows[shown(url)]["attempts"] == 1, rows[shown(url)]
        assert all(rows[shown(url)]["state"] in ("leased", "queued") for url in silent), rows
        for url, (name, _, state, status, wait) in zip(bad, ANSWERS):
            r = rows[shown(url)]
            assert (r["state"], r["status"], r["attempts"]) == (state, status, 1), (name, r)
            if state != "sent":
                line = logged(d, r["message"])
                assert f"outcome={state} status={status} verb=POST" in line, (name, line)
                assert "127.0.0.1" not in line and "/bad" not in line, line  # it may hold a key
            if wait is None:
                assert r["next_try"] is None, (name, r)
            else:
                took = (datetime.datetime.fromisoformat(r["next_try"]) - since).total_seconds()
                assert wait[0] - 1 <= took <= wait[1] + PATIENCE, (name, took)
        for url in hidden:
            assert (rows[shown(url)]["state"], rows[shown(url)]["status"]) == ("refused", 403), rows[shown(url)]
            assert "not allowed" in logged(d, rows[shown(url)]["message"])
        asked = peer.ledger("request")
        # A kept connection that closes without a word is tried once more at once, under the same id.
        twice = {f"/bad{k}" for k, case in enumerate(ANSWERS) if case[2] == "unknown"}
        for path in {r["path"] for r in asked}:
            ids = [r["id"] for r in asked if r["path"] == path]
            assert len(ids) == 1 or (path in twice and len(set(ids)) == 1), (path, ids)
        assert len({r["path"] for r in asked}) == len(good) + len(bad)  # nor followed a redirect
        assert {r["signature"] for r in asked} == {"ok"}, asked
        # Who refused for good is marked and told to the office, once each; nobody else is.
        marked = {u["unit"] for u in d.json("units") for c in u["contacts"] if "unreachable_since" in c}
        gone = [url for url, case in zip(bad, ANSWERS) if case[2] == "refused"] + hidden
        alarms = [n["reason"] for n in d.json("notices") if n["sort"] == "alarm"]
        assert all(sum(f" {shown(url)}（" in x for x in alarms) == 1 for url in gone), alarms
        assert marked == {f"u{1 + (silent + bad + good + hidden).index(u)}" for u in gone}, marked
        with open(f"/proc/{d.process.pid}/status", encoding="ascii") as f:
            peak = int(re.search(r"VmHWM:\s+(\d+)", f.read()).group(1))
        assert peak < 400_000, f"{peak} KB: a body that never ends was kept"
        d.kill()


def test_tls():
    """A certificate of nobody, of another host, or expired: not a byte of the message."""
    with World() as w:
        hosts = []
        for kind in ("own", "other", "expired"):
            both, _ = certificate(w, kind)
            hosts.append(w.add(HttpPeer(w.dir, kind, options=("--cert", both))))
        d = w.daemon(town(w, [h.url("/", "https") for h in hosts]), settings=settings(w)).start()
        rows = wait_for("three attempts", lambda: (
            lambda r: r if {x["state"] for x in r.values()} == {"retry"} else None)(rows_of(d)))
        for r in rows.values():
            assert r["status"] == 0 and "verb=connect" in logged(d, r["message"]), r
            assert "certificate" in logged(d, r["message"]).lower()
        assert not any(h.ledger("request") for h in hosts)
        d.stop()


def test_comes_back():
    """500 three times, then 200; busy for a minute: the same identity, at its own time."""
    with World() as w:
        peer = w.add(HttpPeer(w.dir, "a", "path=/broken,do=status,status=500,first=3",
                              "path=/lost,do=drop-after,first=1",
                              "path=/busy,do=status,status=503,header=Retry-After: 7200,first=1"))
        c = town(w, [peer.url(p) for p in ("/broken", "/lost", "/busy")])
        c.events(event(ITEM, after(days=-1)))
        start = after(days=-1, minutes=-5).strftime("%Y-%m-%dT%H:%M:%S")
        d = w.daemon(c, settings=settings(w, f'clock: {{pace: 600, start: "{start}"}}\n')).start()
        rows = wait_for("all sent", lambda: (
            lambda r: r if len(r) == 3 and {x["state"] for x in r.values()} == {"sent"} else None)(rows_of(d)))
        asked = peer.ledger("request")
        for path, attempts in (("/broken", 4), ("/lost", 2), ("/busy", 2)):
            r = rows[shown(peer.url(path))]
            assert r["attempts"] == attempts, r
            ids = [x["id"] for x in asked if x["path"] == path]
            assert len(ids) == attempts and len(set(ids)) == 1, ids
        waited = (datetime.datetime.fromisoformat(rows[shown(peer.url("/busy"))]["done"])
                  - datetime.datetime.fromisoformat(rows[shown(peer.url("/busy"))]["tick"]))
        assert waited >= datetime.timedelta(hours=2), waited
        d.stop()


def test_keys_stay_where_they_are():
    """A robot's address is its key, and there are passwords: neither is shown, said or logged anywhere."""
    keys = ("S3CRET-PATH", "S3CRET-QUERY", "S3CRET-BAD", "S3CRET-WEBHOOK", "S3CRET-MAIL", "S3CRET-SOURCE")
    with World() as w:
        peer = w.add(HttpPeer(w.dir, "a", "path=/open-apis/bot/*,do=status,status=404"))
        mail = w.peer(options=("--login", "ban:" + keys[4]))
        for name, key in (("webhook", keys[3]), ("mail", keys[4]), ("source", keys[5])):
            with open(os.path.join(w.dir, name), "w", encoding="utf-8") as f:
                f.write(key + "\n")
        urls = [peer.url("/open-apis/bot/" + keys[0]), peer.url("/robot/send?access_token=" + keys[1])]
        c = town(w, urls)
        with open(c.path("units.csv"), encoding="utf-8") as f:
            units = f.read()
        more = (f"webhook: {{allow: [127.0.0.0/8], secret_file: {w.dir}/webhook}}\nsources:\n"
                f"  credentials: {{rili: {{host: 127.0.0.1, user: ban, password_file: {w.dir}/source}}}}\n"
                f"log: {{level: debug}}\n")
        d = w.daemon(c, relay=mail, mail=f", user: ban, password_file: {w.dir}/mail", settings=more).start()
        rows = wait_for("both have answered", lambda: (lambda r: r if {x["state"] for x in r.values()} == {
            "sent", "refused"} else None)(rows_of(d)))
        assert set(rows) == set(map(shown, urls)), rows
        wait_for("the office is told", lambda: any("无法送达" in n["reason"] for n in d.json("notices")))
        # An edit of such an address is said, too, and one that is none.
        c.write("units.csv", units.replace(keys[1], keys[1] + "-NEW"))
        wait_for("the edit is in force", lambda: "…#" in d.ctl("journal").stdout and any(
            "单位2" in str(r["detail"].get("changes")) for r in d.json("journal") if r["event"] == "reload"))
        c.write("units.csv", units.replace("http://", "httq://", 1).replace(keys[0], keys[2]))
        wait_for("the slip is said", lambda: "BAD_ADDRESS" in d.log())
        heard = d.log() + d.ctl("health", want=None).stdout
        for verb in ("status", "due", "units", "notices", "deliveries", "tray", "journal", "roster"):
            heard += d.ctl(verb).stdout + d.ctl(verb, "--json").stdout
        heard += d.ctl("explain", "u1", ITEM).stdout + d.ctl("diff", c.dir, want=None).stdout
        d.wait_idle()
        heard += "".join(mail.mail(r).decode() for r in mail.accepted())
        for key in keys:
            assert key not in heard, heard[max(0, heard.index(key) - 300):][:600]
        d.stop()


def test_a_trial_run_shows_no_keys():
    """Everything goes to one mailbox, with for whom it was; not with the key of a robot."""
    with World() as w:
        mail = w.peer()
        c = town(w, ["https://chat.example.org/robot/S3CRET"])
        d = w.daemon(c, relay=mail, settings="redirect: trial@example.org\n").start()
        rows = wait_for("it is sent", lambda: mail.accepted("trial@example.org"))
        text = next(p for p in email.message_from_bytes(mail.mail(rows[0])).walk()
                    if p.get_content_type() == "text/plain").get_payload(decode=True).decode()
        assert "本应发给" in text and "<https://chat.example.org/robot/…#" in text and "S3CRET" not in text, text
        d.stop()


if __name__ == "__main__":
    main(globals())
