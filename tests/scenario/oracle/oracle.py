#!/usr/bin/env python3
"""oracle.py DIR [--from T] [--to T] [--events FILE]: a second reading of `dubanctl simulate`.

Brute force over design sections 4-6 and 11, written without looking at the planner. Slow
and plain on purpose: every rule stands beside its quotation, so that a disagreement with
the daemon can be settled by reading design.md. READING.md lists where that leaves room.
It must never import or imitate the daemon: its only worth is its independence.
"""
import csv
import heapq
import io
import sys
from datetime import date, datetime

from rules import CHANNELS, Campaign, Step

COLUMNS = ["at", "message", "sort", "step", "uid", "recurrence-id", "due", "unit", "role",
           "address", "channel", "state"]
WAIT = 600  # P11: liaison and office wait 10 minutes at most


class Refused(Exception):
    """An event that the design does not allow; .line counts from 0 without the header."""

    def __init__(self, line, why):
        super().__init__("event %d: %s" % (line + 1, why))
        self.line = line


class Event:
    def __init__(self, line, row):
        self.line = line
        # [4] received times are floored to the second
        self.at = int(datetime.fromisoformat(row["at"].replace("Z", "+00:00")).timestamp() // 1)
        self.kind, self.unit, self.uid = row["event"], row["unit"], row["uid"]
        self.rid, self.value = row["recurrence-id"], row["value"]


def read_events(text):
    rows = csv.DictReader(io.StringIO(text))
    events = [Event(i, row) for i, row in enumerate(rows)]
    return sorted(events, key=lambda e: e.at)  # [11] equal instants: file order (stable sort)


class Item:
    """A due item: occurrence x unit, and what has happened to it."""

    def __init__(self, occurrence, unit):
        self.occurrence, self.obligation, self.unit = occurrence, occurrence.obligation, unit
        self.due = occurrence.due  # effective deadline
        self.submissions = []      # (received, order of storing)
        self.returned = None       # (instant, the same order) of the last return
        self.exempt = self.decided = False
        self.decided_at = None     # instant of a decision that no tick has seen yet
        self.done = set()          # P2: (effective deadline, step): raised or superseded
        self.held = []
        self.told_superiors = []

    def in_force(self):
        """R5: after a return only what was received later counts (same second: stored later)."""
        return any(self.returned is None or s > self.returned for s in self.submissions)

    def outstanding(self):
        return not self.in_force() and not self.exempt  # P4


class Row:
    def __init__(self, item, sort, step, role, address, channel, state):
        self.item, self.sort, self.step, self.role = item, sort, step, role
        self.address, self.channel, self.state = address, channel, state
        self.due, self.at, self.message = item.due, None, None

    def with_state(self, state):
        r = Row(self.item, self.sort, self.step, self.role, self.address, self.channel, state)
        r.due = self.due
        return r


class Held:
    def __init__(self, row, rung, reasons, superior):
        self.row, self.rung, self.reasons, self.superior = row, rung, reasons, superior
        self.released = False


class Simulation:
    def __init__(self, campaign, start=None):
        self.c = campaign
        self.start = campaign.starts if start is None else start
        self.track_from = self.start if campaign.track_from is None else campaign.track_from
        self.items, self.by_key = [], {}
        for o in campaign.obligations:
            for x in o.occurrences:
                for u in o.owers:
                    item = Item(x, u)
                    self.items.append(item)
                    self.by_key[o.uid, x.rid, u] = item
        self.of_occurrence = {}
        for item in self.items:
            self.of_occurrence.setdefault(item.occurrence, []).append(item)
        self.rows, self.now_rows, self.messages = [], [], 0
        self.wakes, self.tray, self.paused = [], set(), []
        self.down_since = self.intake_down_since = None
        self.stored = 0
        self.last_up, self.waiting = self.start, []
        self.streaks_told = set()

    # ---- running

    def wake(self, t):
        """Ticks at which nothing happens are harmless (P9), so waking too often is allowed."""
        if t is not None:
            heapq.heappush(self.wakes, t)

    def wake_windows(self, t):
        """P1: what becomes ripe at night waits for the next opening of the policy's window."""
        self.wake(t)
        for p in self.c.policies.values():
            self.wake(p.window.on(t))

    def arm(self, item):
        for rung in self.c.ladder(item.occurrence, item.due):
            self.wake(rung.moved)
        if item.obligation.policy.streak:  # the deadline also bounds the occurrence before it
            for x in item.obligation.occurrences:
                missed = self.missed_at(self.by_key[item.obligation.uid, x.rid, item.unit])
                if missed is not None:
                    self.wake(missed)
                    self.wake(item.obligation.policy.window.on(missed))

    def run(self, events, until=None):
        for item in self.items:
            self.arm(item)
        self.wake_windows(self.start)
        events = list(events)
        for e in events:
            self.wake(e.at)
        last = None
        while self.wakes:
            now = heapq.heappop(self.wakes)
            if now < self.start or (last is not None and now <= last):
                continue  # with --from the first tick sees all that was before
            if until is not None and now > until:
                break
            last = now
            # P0: at equal instants what happened comes before what must be said
            while events and events[0].at <= now:
                self.happen(events.pop(0), now)
            if self.down_since is None:  # P13: while the daemon is down nothing is said
                self.tick(now)
            self.finish(now)
        return self.rows

    # ---- what happens

    def happen(self, e, now):
        name = e.kind.replace("-", "_")
        if self.down_since is not None and e.kind not in (
                "submit", "up", "down", "intake-down", "intake-up"):
            raise Refused(e.line, "a decision during down")  # [11]
        handler = getattr(self, "on_" + name, None)
        if handler is None:
            raise Refused(e.line, "unknown event " + e.kind)
        handler(e, now)
        self.wake_windows(now)

    def on_down(self, e, now):
        if self.down_since is not None:
            raise Refused(e.line, "down twice")
        self.down_since = e.at

    def on_up(self, e, now):
        if self.down_since is None:
            raise Refused(e.line, "up without down")
        self.down_since, self.last_up = None, now
        self.store_waiting(now)

    def on_intake_down(self, e, now):
        if self.intake_down_since is not None:
            raise Refused(e.line, "intake-down twice")
        # R6: the last poll began just before; none while the daemon was down
        self.intake_down_since = e.at if self.down_since is None else self.down_since

    def on_intake_up(self, e, now):
        if self.intake_down_since is None:
            raise Refused(e.line, "intake-up without intake-down")
        self.intake_down_since = None
        self.store_waiting(now)

    def on_submit(self, e, now):
        if not any(o.uid == e.uid and e.unit in o.owers for o in self.c.obligations):
            raise Refused(e.line, "submit of what is not owed")
        if e.rid and (e.uid, e.rid, e.unit) not in self.by_key:
            raise Refused(e.line, "no such item")
        # [11] during down and intake-down it is stored at up / intake-up
        self.waiting.append(e)
        self.store_waiting(now)

    def store_waiting(self, now):
        if self.down_since is None and self.intake_down_since is None:
            for e in self.waiting:
                self.store(e, now)
            self.waiting = []

    def store(self, e, now):
        item = self.meant(e)
        if item is not None:
            closes = self.c.closes(item.occurrence, item.due)
            if closes is not None and e.at > closes:
                item = None  # [4] after closes it goes to the tray
            elif e.value == "zero" and not item.obligation.policy.zero:
                item = None  # R9: a zero report where it is not enough: the tray
        if item is None:
            self.tray.add(e.unit)  # P13: counts only once a person accepts it
            return
        self.stored += 1
        item.submissions.append((e.at, self.stored))
        self.receipt(item)
        # P12: a submission that was on time turns up after superiors were told
        self.correct(item, lambda row: e.at <= self.c.grace_end(item.occurrence, row.due))

    def meant(self, e):
        if e.rid:
            return self.by_key[e.uid, e.rid, e.unit]
        # [11] the unit's earliest outstanding item of that UID with opens <= at <= closes
        found = []
        for item in self.items:
            if item.obligation.uid == e.uid and item.unit == e.unit and item.outstanding():
                closes = self.c.closes(item.occurrence, item.due)
                if item.occurrence.opens <= e.at and (closes is None or e.at <= closes):
                    found.append(item)
        return min(found, key=lambda i: (i.due, i.occurrence.due), default=None)

    def named(self, e, all_units):
        """The items a decision is about."""
        if not e.unit and not all_units:
            raise Refused(e.line, "a unit is needed")
        rids = {x.rid for o in self.c.obligations if o.uid == e.uid for x in o.occurrences}
        rid = e.rid
        if not rid:
            if rids != {"-"}:
                raise Refused(e.line, "an empty recurrence-id of a recurring UID")
            rid = "-"
        items = [i for i in self.items if i.obligation.uid == e.uid and i.occurrence.rid == rid
                 and (not e.unit or i.unit == e.unit)]
        if not items:
            raise Refused(e.line, "no such item")
        return items

    def deadline(self, e):
        """[4] A date given as a deadline by a person means the end of that day; it must lie
        after the decision; on_off_day does not move it."""
        if len(e.value) == 10:
            due = self.c.clock.end_of_day(date.fromisoformat(e.value))
        else:
            due = int(datetime.fromisoformat(e.value.replace("Z", "+00:00")).timestamp())
        if due <= e.at:
            raise Refused(e.line, "a deadline before its decision")
        return due

    def on_extend(self, e, now):
        items = self.named(e, all_units=True)
        if not e.unit:
            items = [i for i in items if not i.exempt]
        due = self.deadline(e)
        for item in items:
            if item.exempt:
                raise Refused(e.line, "an exempt item takes no extension")  # P10
            if due <= item.due:
                raise Refused(e.line, "an extension to before the old deadline")  # [4]
        for item in items:
            self.move_deadline(item, due, e, now, "extend")
            self.correct(item)

    def on_return(self, e, now):
        due = self.deadline(e) if e.value else None
        for item in self.named(e, all_units=False):
            if item.exempt:
                raise Refused(e.line, "an exempt item takes no return")  # P10
            if not item.in_force():
                raise Refused(e.line, "a return of what was not received")  # P10
            item.returned = (e.at, self.stored)
            self.move_deadline(item, item.due if due is None else due, e, now, "return")

    def move_deadline(self, item, due, e, now, step):
        # P2: a moved deadline re-arms the ladder
        for h in item.held:
            if h.row.due != due:
                self.say(h.row.with_state("withdrawn"))
        item.held = [h for h in item.held if h.row.due == due]
        item.due, item.decided = due, True
        self.arm(item)
        self.tell_liaison(item, "decision", step)
        item.decided_at = e.at

    def stand_in(self, item):
        """P10: a decision stands in for every step of the item whose instant under the new
        deadline is <= its own: recorded superseded, one row a recipient, outstanding or not,
        at any hour. Of several decisions before one tick the last one's deadline is in force."""
        for rung in self.c.ladder(item.occurrence, item.due):
            if rung.moved <= item.decided_at and (item.due, rung.name) not in item.done:
                item.done.add((item.due, rung.name))
                for row, _ in self.rows_of(item, rung):
                    self.say(row.with_state("superseded"))
        item.decided_at = None

    def on_exempt(self, e, now):
        for item in self.named(e, all_units=False):
            if item.exempt:
                raise Refused(e.line, "exempt twice")
            item.exempt = True
            self.tell_liaison(item, "decision", "exempt")
            self.correct(item)

    def scope(self, e):
        return ("unit", e.unit) if e.unit else ("tag", e.value) if e.value else ("all", "")

    def on_pause(self, e, now):
        if self.scope(e) in self.paused:
            raise Refused(e.line, "paused twice")
        self.paused.append(self.scope(e))

    def on_resume(self, e, now):
        if self.scope(e) not in self.paused:
            raise Refused(e.line, "resume of what is not paused")
        self.paused.remove(self.scope(e))

    def on_release(self, e, now):
        """R7: empty fields match all; value = the step's name."""
        for item in self.items:
            if e.unit in ("", item.unit) and e.uid in ("", item.obligation.uid) \
                    and e.rid in ("", item.occurrence.rid):
                for h in item.held:
                    if e.value in ("", h.row.step):
                        h.released = True

    def is_paused(self, unit):
        return any(what == "all" or (what == "unit" and which == unit)
                   or (what == "tag" and which in self.c.tags[unit])
                   for what, which in self.paused)

    # ---- what is said

    def say(self, row):
        self.now_rows.append(row)

    def finish(self, now):
        """P6: notices for one (address, channel) raised by one tick are one message."""
        told = sorted({(r.address, r.channel) for r in self.now_rows if r.state == "sent"})
        for row in self.now_rows:
            row.at = now
            if row.state == "sent":
                row.message = self.messages + 1 + told.index((row.address, row.channel))
        self.messages += len(told)
        self.rows += self.now_rows
        self.now_rows = []

    def rows_of(self, item, rung):
        """[(row, superior)] of a step: its recipients are frozen now (P2)."""
        sort = "remind" if rung.before else "escalate"
        return [(Row(item, sort, rung.name, role, address, channel, None), superior)
                for role, address, channel, superior
                in self.c.recipients(item.obligation, item.unit, rung.step)]

    def tick(self, now):
        for item in self.items:
            if item.decided_at is not None:
                self.stand_in(item)
        for item in self.items:
            self.withdraw(item)
        for item in self.items:
            self.free(item, now)
        for item in self.items:
            self.raise_steps(item, now)
        self.streaks(now)

    def withdraw(self, item):
        """P11: held steps whose item is answered meanwhile are withdrawn."""
        if item.held and not item.outstanding():
            for h in item.held:
                self.say(h.row.with_state("withdrawn"))
            item.held = []

    def free(self, item, now):
        out = []
        for h in item.held:
            fresh_again = (h.reasons == {"fresh"} and self.fresh(item)
                           and item.obligation.policy.window.inside(now))
            if h.released or fresh_again:
                out.append(h)
        item.held = [h for h in item.held if h not in out]
        # R8: of several released for one item and recipient only the latest is told
        for h in out:
            rivals = [g for g in out if (g.row.address, g.row.channel)
                      == (h.row.address, h.row.channel)]
            best = max(rivals, key=lambda g: g.rung.order)
            self.say(h.row.with_state("sent" if h is best else "superseded"))
            if h is best:
                self.note_superior(h.row, h.rung, h.superior)

    def note_superior(self, row, rung, superior):
        if superior and not rung.before:
            row.item.told_superiors.append(row)

    def tracked(self, item):
        """[5] untracked: its first deadline was before the campaign was first loaded and no
        person has extended or returned it."""
        return item.occurrence.due >= self.track_from or item.decided

    def fresh(self, item):
        """P11: every enabled intake was polled, begun after due + grace. R6: an intake that is
        up is fresh at every instant; when it went down the last poll began just before."""
        if item.unit in self.tray:
            return False  # "with it go ... no undecided tray item that could be this unit's report"
        if self.intake_down_since is None:
            return True
        return self.intake_down_since > self.c.grace_end(item.occurrence, item.due)

    def guarded(self, occurrence):
        """P14: hold_if_missing or more of at least 5 expected items of the occurrence are
        outstanding; [5] expected = tracked due items - exemptions."""
        expected = [i for i in self.of_occurrence[occurrence]
                    if self.tracked(i) and not i.exempt]
        missing = [i for i in expected if i.outstanding()]
        return (self.c.hold is not None and len(expected) >= 5
                and len(missing) * 100 >= self.c.hold * len(expected))

    def ripe(self, item, now):
        """P1, in the order of its words."""
        out = []
        window = item.obligation.policy.window
        if not item.outstanding() or not self.tracked(item) or self.is_paused(item.unit):
            return out
        if not window.inside(now):  # raised only inside the policy's send window
            return out
        for rung in self.c.ladder(item.occurrence, item.due):
            if rung.moved > now:  # the ladder is in order of moved instants
                break
            if (item.due, rung.name) in item.done:
                continue
            if not rung.before and not self.fresh(item):
                # P11: a step at or after the deadline waits 10 minutes at most
                limit = max(rung.moved, self.last_up) + WAIT
                if now < limit:
                    self.wake(limit)
                    self.wake(window.on(limit))
                    continue
            out.append(rung)
        return out

    def raise_steps(self, item, now):
        told = {}
        for rung in self.ripe(item, now):
            item.done.add((item.due, rung.name))  # P2: raised once
            if rung.before and now > self.c.grace_end(item.occurrence, item.due):
                # P3: nobody is reminded of what is already overdue
                for row, _ in self.rows_of(item, rung):
                    self.say(row.with_state("superseded"))
                continue
            for row, superior in self.rows_of(item, rung):
                told.setdefault((row.address, row.channel), []).append((rung, row, superior))
        for rivals in told.values():
            # P3: for each recipient only the latest of an item's steps raised in one tick
            best = max(rivals, key=lambda r: r[0].order)
            for one in rivals:
                if one is best:
                    self.tell(item, *one)
                else:
                    self.say(one[1].with_state("superseded"))

    def tell(self, item, rung, row, superior):
        reasons = set()
        if rung.step.sign:
            reasons.add("sign")  # P11: held until a person releases it
        if not rung.before and superior:
            if not self.fresh(item):
                reasons.add("fresh")
            if self.guarded(item.occurrence):
                reasons.add("guard")  # P14
        if reasons:
            item.held.append(Held(row, rung, reasons, superior))
            self.say(row.with_state("held"))
        else:
            self.say(row.with_state("sent"))
            self.note_superior(row, rung, superior)

    # ---- the other sorts

    def tell_liaison(self, item, sort, step, channels=CHANNELS):
        """P10: to the unit's liaison at once, by whatever channels (all that it has)."""
        office = item.unit == self.c.office
        to = Step({"name": step, "at": "0", "to": ["office" if office else "liaison"],
                   "via": list(channels)}, 0)
        for role, address, channel, _ in self.c.recipients(item.obligation, item.unit, to):
            self.say(Row(item, sort, step, role, address, channel, "sent"))

    def receipt(self, item):
        """[8] Every submission gets a receipt."""
        self.tell_liaison(item, "receipt", "receipt")

    def correct(self, item, wrong=lambda row: True):
        """P12: exactly the superiors who were wrongly told get a correction, at once."""
        seen = set()
        for row in item.told_superiors:
            if wrong(row) and (row.address, row.channel) not in seen:
                seen.add((row.address, row.channel))
                correction = row.with_state("sent")
                correction.sort, correction.step = "correction", "更正"
                self.say(correction)
        item.told_superiors = [r for r in item.told_superiors if not wrong(r)]

    def missed_at(self, item):
        """P8: the earlier of its closes and the obligation's next deadline + grace."""
        candidates = []
        closes = self.c.closes(item.occurrence, item.due)
        if closes is not None:
            candidates.append(closes)
        row = item.obligation.occurrences
        k = row.index(item.occurrence) + 1
        if k < len(row):
            candidates.append(self.c.grace_end(row[k], row[k].due))  # the obligation's, not his
        return min(candidates, default=None)

    def streaks(self, now):
        for o in self.c.obligations:
            if o.milestone or not o.policy.streak or not o.policy.window.inside(now):
                continue
            for unit in o.owers:
                if not self.is_paused(unit):
                    self.streak(o, unit, now)

    def streak(self, o, unit, now):
        run = 0
        for x in o.occurrences:
            item = self.by_key[o.uid, x.rid, unit]
            returned = item.returned is not None and not item.in_force()  # the standing
            if item.exempt or returned or not self.tracked(item):
                continue  # P8: exempted and returned items do not count
            missed = self.missed_at(item)
            if missed is None or missed > now:
                return
            if any(received <= missed for received, _ in item.submissions):
                run = 0
                continue
            run += 1
            if run == int(o.policy.streak["misses"]) and item not in self.streaks_told:
                self.streaks_told.add(item)
                name = o.policy.streak.get("name", "streak")
                to = Step({"name": name, "at": "0", "to": o.policy.streak["to"]}, 0)
                for role, address, channel, _ in self.c.recipients(o, unit, to):
                    self.say(Row(item, "streak", name, role, address, channel, "sent"))


def local_time(campaign, t):
    return datetime.fromtimestamp(t, campaign.clock.zone).isoformat()


def table(campaign, rows):
    """[11] ordered by at, message ('-' last), uid, recurrence-id, unit, step, address, channel."""
    rows = sorted(rows, key=lambda r: (r.at, r.message is None, r.message or 0,
                                       r.item.obligation.uid, r.item.occurrence.rid,
                                       r.item.unit, r.step, r.address, r.channel))
    return [[local_time(campaign, r.at), str(r.message or "-"), r.sort, r.step,
             r.item.obligation.uid, r.item.occurrence.rid, local_time(campaign, r.due),
             r.item.unit, r.role, r.address, r.channel, r.state] for r in rows]


def simulate(directory, events_text="", start=None, until=None):
    campaign = Campaign(directory)
    simulation = Simulation(campaign, start)
    events = read_events(events_text) if events_text else []
    return campaign, simulation.run(events, until)


def instant_of(text):
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def main(argv):
    directory, start, until, events = None, None, None, ""
    args = iter(argv)
    for a in args:
        if a == "--from":
            start = instant_of(next(args))
        elif a == "--to":
            until = instant_of(next(args))
        elif a == "--events":
            with open(next(args), encoding="utf-8", newline="") as f:
                events = f.read()
        else:
            directory = a
    campaign, rows = simulate(directory, events, start, until)
    print("\t".join(COLUMNS))
    for row in table(campaign, rows):
        print("\t".join(row))
    return 0


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    sys.exit(main(sys.argv[1:]))
