#!/usr/bin/env python3
"""Through a real Postfix with a configuration and a queue of its own on a loopback port.

The machine's own /etc/postfix is only read for master.cf's defaults, never written.  What arrives
in the mailboxes is taken apart by Python's email package.
"""
import email
import email.header
import email.policy
import os
import pwd
import re
import shutil
import socket
import subprocess
import sys

from daemon import Skip, World, after, event, main, wait_for

ITEM = "item@example.org"
TITLE = "全区防风险保安全迎大庆“百日攻坚”专项行动第十二期工作小结和隐患排查治理情况统计周报表䶮㐀"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Postfix:
    """One instance, delivering everything into one maildir per recipient's domain."""

    def __init__(self, directory, tls=None):
        self.dir = os.path.join(directory, "postfix")
        self.config = os.path.join(self.dir, "etc")
        self.mail = os.path.join(self.dir, "mail")
        self.log = os.path.join(self.dir, "maillog")
        owner = pwd.getpwnam("postfix")
        os.chmod(directory, 0o755)
        for name in ("etc", "spool", "data", "mail"):
            os.makedirs(os.path.join(self.dir, name))
        os.chown(os.path.join(self.dir, "data"), owner.pw_uid, owner.pw_gid)
        os.chown(self.mail, owner.pw_uid, owner.pw_gid)
        self.port = free_port()
        self.write_config(owner, tls)
        run = self.run("start")
        assert run.returncode == 0, run.stdout + run.stderr + self.read_log()
        wait_for("Postfix listens", self.listens)

    def write_config(self, owner, tls):
        settings = {
            "compatibility_level": "3.6", "queue_directory": self.dir + "/spool",
            "data_directory": self.dir + "/data", "maillog_file": self.log,
            "maillog_file_prefixes": self.dir, "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4", "myhostname": "relay.example.org", "mydestination": "",
            "mynetworks": "127.0.0.0/8", "virtual_mailbox_domains": "example.org",
            "virtual_mailbox_base": self.mail, "virtual_mailbox_maps": "static:all/",
            "virtual_uid_maps": f"static:{owner.pw_uid}", "virtual_minimum_uid": "1",
            "virtual_gid_maps": f"static:{owner.pw_gid}", "smtpd_relay_restrictions": "permit_mynetworks, reject",
            "alias_maps": "", "alias_database": "", "default_transport": "error:only here",
            "smtpd_peername_lookup": "no", "biff": "no", "smtputf8_enable": "no",
        }
        if tls:
            settings.update({"smtpd_tls_security_level": "encrypt", "smtpd_tls_cert_file": tls,
                             "smtpd_tls_key_file": tls, "smtpd_tls_loglevel": "1"})
        with open(os.path.join(self.config, "main.cf"), "w", encoding="utf-8") as f:
            f.writelines(f"{k} = {v}\n" for k, v in settings.items())
        lines = []
        for line in open("/etc/postfix/master.cf", encoding="utf-8"):
            words = line.split()
            if not words or line[0] in "# \t":
                continue
            if words[1] == "inet":
                continue
            words[4] = "n"  # no chroot: the queue is not furnished
            lines.append(" ".join(words) + "\n")
        lines.append(f"127.0.0.1:{self.port} inet n - n - - smtpd\n")
        if not any(x.startswith("postlog ") for x in lines):
            lines.append("postlog unix-dgram n - n - 1 postlogd\n")
        with open(os.path.join(self.config, "master.cf"), "w", encoding="utf-8") as f:
            f.writelines(x for x in lines if not x.split()[7].startswith(("pipe", "user=")))

    def run(self, *args):
        return subprocess.run(["postfix", "-c", self.config, *args], capture_output=True, text=True,
                              timeout=60, check=False)

    def read_log(self):
        try:
            with open(self.log, encoding="utf-8", errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def listens(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), 2) as s:
                return s.recv(4) == b"220 "
        except OSError:
            return False

    def mails(self):
        new = os.path.join(self.mail, "all", "new")
        if not os.path.isdir(new):
            return []
        return [os.path.join(new, name) for name in sorted(os.listdir(new))]

    def stop(self):
        self.run("stop")


def look_at(path):
    """A mail as its reader's program sees it; the form of it on the way."""
    with open(path, "rb") as f:
        raw = f.read()
    for line in raw.split(b"\n"):
        assert len(line.rstrip(b"\r")) <= 998, f"a line of {len(line)} bytes"
    head = raw.split(b"\n\n", 1)[0].decode("ascii")  # no raw 8-bit header
    for word in re.findall(r"=\?[^?]*\?[^?]*\?[^?]*\?=", head):
        assert len(word) <= 75, f"an encoded word of {len(word)}: {word}"
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert not mail.defects, mail.defects
    for part in mail.walk():
        assert not part.defects, (part.get_content_type(), part.defects)
    return mail


def through(world, d, postfix, units):
    mails = wait_for("all mails in the mailbox", lambda: (
        lambda m: m if len(m) >= units else None)(postfix.mails()))
    assert len(mails) == units, len(mails)
    d.wait_idle()
    assert all(r["state"] == "sent" and "queued as" in r["reply"] for r in d.json("deliveries")), \
        d.json("deliveries")
    seen = set()
    for path in mails:
        mail = look_at(path)
        seen.add(mail["To"].addresses[0].addr_spec)
        assert TITLE in mail["Subject"], mail["Subject"]
        assert mail["From"].addresses[0].addr_spec == "ban@example.org"
        assert mail["From"].addresses[0].display_name == "安委办"
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["X-Original-To"] == mail["To"].addresses[0].addr_spec
        text = mail.get_body(("plain",)).get_content()
        html = mail.get_body(("html",)).get_content()
        assert TITLE in text and TITLE in html, text
        assert "�" not in text + html
        calendars = [p for p in mail.walk() if p.get_content_type() == "text/calendar"]
        assert calendars, "no calendar part"
        assert "BEGIN:VCALENDAR" in calendars[0].get_content()
    assert seen == {f"liaison{n}@example.org" for n in range(1, units + 1)}, seen
    assert len({look_at(p)["Message-ID"] for p in mails}) == units
    # The server logs who it was for; nothing bounced, nothing was deferred.
    log = postfix.read_log()
    assert log.count("status=sent (delivered to maildir)") == units, log[-2000:]


def town(world, units):
    c = world.campaign(units)
    c.events(event(ITEM, after(minutes=30), summary=TITLE))
    return c


def test_mails_arrive():
    with World() as w:
        postfix = Postfix(w.dir)
        w.things.append(postfix)
        d = w.daemon(town(w, 12), relay=postfix.port).start()
        through(w, d, postfix, 12)
        d.ctl("submit", "u1", ITEM, "--why", "试")
        mails = wait_for("the receipt", lambda: (
            lambda m: m if len(m) == 13 else None)(postfix.mails()))
        receipts = [m for m in map(look_at, mails) if "收" in m["Subject"] and "已收到" in m["Subject"]]
        assert len(receipts) == 1, [look_at(p)["Subject"] for p in mails]
        # One thread per due item: the receipt refers to what the reminder referred to.
        reminder = [m for m in map(look_at, mails)
                    if m["To"].addresses[0].addr_spec == "liaison1@example.org" and "已收到" not in m["Subject"]][0]
        assert set(receipts[0]["References"].split()) & (
            set((reminder["References"] or "").split()) | {reminder["Message-ID"]}), "no thread"
        d.stop()


def test_unknown_domain_is_refused():
    """Postfix says 554 to a recipient it will not relay: unreachable, and the office hears of it."""
    with World() as w:
        postfix = Postfix(w.dir)
        w.things.append(postfix)
        c = town(w, 2)
        c.people("u2,单位2,局,liaison,外人,someone@elsewhere.invalid,t2\n")
        with open(os.path.join(postfix.config, "main.cf"), "a", encoding="utf-8") as f:
            f.write("smtpd_recipient_restrictions = reject_unauth_destination, permit\n"
                    "smtpd_relay_restrictions = reject_unauth_destination\n")
        postfix.run("reload")
        d = w.daemon(c, relay=postfix.port).start()
        wait_for("the refusal", lambda: d.json("deliveries", "--state", "refused"))
        wait_for("the alarm", lambda: [p for p in postfix.mails() if look_at(p)["To"].addresses[0]
                                       .addr_spec == "office@example.org"])
        assert {r["address"] for r in d.json("deliveries", "--state", "sent")} >= {
            "liaison1@example.org", "liaison2@example.org"}
        d.stop()


def test_starttls():
    with World() as w:
        pair = os.path.join(w.dir, "cert.pem")
        run = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                              "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                              "-keyout", pair, "-out", pair + ".crt"],
                             capture_output=True, text=True, check=False)
        if run.returncode != 0:
            raise Skip("openssl makes no certificate")
        with open(pair, "ab") as out, open(pair + ".crt", "rb") as crt:
            out.write(crt.read())
        postfix = Postfix(w.dir, pair)
        w.things.append(postfix)
        d = w.daemon(town(w, 3), relay=postfix.port,
                     mail=f", starttls: required, ca_file: {pair}.crt").start()
        through(w, d, postfix, 3)
        assert "TLS connection established" in postfix.read_log()
        d.stop()


if __name__ == "__main__":
    if shutil.which("postfix") is None:
        print("skipped: postfix is not installed")
        sys.exit(77)
    if os.getuid() != 0:
        print("skipped: a Postfix of our own needs root to start")
        sys.exit(77)
    main(globals())
