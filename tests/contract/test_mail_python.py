#!/usr/bin/env python3
"""Another implementation reads our mails.

test_email leaves every mail it builds in mails/ of a directory we give it; here Python's strict e-mail
package takes them apart: subjects come back whole, every part decodes, no line is too long.
"""
import email
import email.errors
import email.policy
import html.parser
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

BINARY = pathlib.Path(os.environ.get("BINARY_DIR", "."))
ENCODED = re.compile(rb"=\?[^? ]+\?[BbQq]\?[^? ]*\?=")
VOID = {"br", "meta", "img", "hr"}


class Balance(html.parser.HTMLParser):
    """Tags that are opened are closed, in order; nothing is fetched or run."""

    def __init__(self):
        super().__init__()
        self.open, self.wrong = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        names = dict(attrs)
        if tag in ("script", "img", "link", "iframe", "object", "style") or "src" in names:
            self.wrong.append(tag)
        self.wrong += [name for name in names if name.startswith("on")]

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append("/" + tag)


def check(path):
    raw = path.read_bytes()
    want = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert b"\n" not in raw.replace(b"\r\n", b""), "bare LF"
    assert b"\r" not in raw.replace(b"\r\n", b""), "bare CR"
    assert max(map(len, raw.split(b"\r\n"))) <= 998, "long line"
    assert all(byte < 128 for byte in raw), "8-bit"
    for word in ENCODED.findall(raw):
        assert len(word) <= 75, f"encoded word of {len(word)}"
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert not message.defects, message.defects
    for name in ("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version"):
        assert len(message.get_all(name, [])) == 1, name
        assert not message[name].defects, (name, message[name].defects)
    assert message["Bcc"] is None and message["Cc"] is None
    assert message["Auto-Submitted"] == "auto-generated"
    assert [a.addr_spec for a in message["To"].addresses] == [want["to"]]
    assert [a.addr_spec for a in message["From"].addresses] == ["duban@example.org"]
    assert message["Date"].datetime.utcoffset() is not None
    if want["subject"] is not None:
        assert message["Subject"] == want["subject"], message["Subject"]
    types = []
    for part in message.walk():
        assert not part.defects, part.defects
        if part.is_multipart():
            continue
        types.append(part.get_content_type())
        text = part.get_content()
        if part.get_content_type() == "text/calendar":
            text = part.get_payload(decode=True).decode("utf-8")
            assert text.startswith("BEGIN:VCALENDAR\r\n") and text.endswith("END:VCALENDAR\r\n")
        assert "\ufffd" not in text or want["name"].startswith("hostile")
        assert text.strip() and "{{" not in text
        if part.get_content_type() == "text/html":
            balance = Balance()
            balance.feed(text)
            assert not balance.wrong and not balance.open, (balance.wrong, balance.open)
    assert types[:2] == ["text/plain", "text/html"], types
    assert types[2:] in ([], ["text/calendar"]), types


def check_all(mails):
    assert len(mails) >= 30, len(mails)
    failed = 0
    for path in mails:
        try:
            check(path)
        except (AssertionError, email.errors.MessageError) as error:
            failed += 1
            print(f"{path.name}: {error}")
    print(f"{len(mails)} mails, {failed} failed")
    return 1 if failed else 0


def main():
    program = BINARY / "tests" / "test_email"
    if not program.exists():
        print("skipped: test_email is not built")
        return 77
    with tempfile.TemporaryDirectory() as directory:
        env = dict(os.environ, BINARY_DIR=directory)
        subprocess.run([program], check=True, env=env, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        return check_all(sorted(pathlib.Path(directory, "mails").glob("*.eml")))


if __name__ == "__main__":
    sys.exit(main())
