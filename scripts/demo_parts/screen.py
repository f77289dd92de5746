"""What one sees while the season runs: a live table, or lines where there is no terminal."""
import collections
import datetime
import re
import shutil
import sys
import time

from . import season, words

FRAME_SECONDS = 0.07
TAG = re.compile(r"【(?:[^】·]*·)?([^】]+)】")
COUNTERS = (  # what is counted, by the tag of the subject
    ("提醒", "reminders", ("提醒", "报送提醒", "临近提醒", "最后提醒", "今日截止", "工作安排")),
    ("催办", "dunning", ("催办", "再次催办", "未报清单", "连续未报")),
    ("督办", "escalations", ("督办",)),
    ("回执", "receipts", ("收件回执",)),
    ("决定", "decisions", ("准予延期", "退回补正", "免报")),
    ("更正", "corrections", ("更正", "销号")),
    ("告警", "alarms", ("系统告警", "暂缓督办", "督办已暂缓")),
)
PHASES = ((datetime.date(2019, 8, 11), "第一阶段 部署发动"),
          (datetime.date(2019, 11, 21), "第二阶段 组织实施"),
          (datetime.date(2019, 12, 2), "第三阶段 巩固提高"))


def tag_of(subject):
    found = TAG.match(subject)
    return found.group(1) if found else "其他"


def counter_of(tag):
    for name, _, tags in COUNTERS:
        if tag.split("#")[0] in tags:
            return name
    return "其他"


def new(units, plain):
    return Live(units) if sys.stdout.isatty() and not plain else Plain(units)


class Story:
    """What both kinds of screen remember, and the account at the end tells again."""

    live = False

    def __init__(self, units):
        self.units = units
        self.chronicle = []  # (when, words)
        self.counts = collections.Counter()
        self.subjects = collections.Counter()
        self.latest = collections.deque(maxlen=40)
        self.commands = collections.deque(maxlen=6)
        self.waiting = {}    # named -> (when it was held, for a signature?)
        self.signatures = collections.deque(maxlen=12)
        self.given = self.withdrawn = self.questions = self.spared = 0

    def say(self, when, text):
        self.chronicle.append((when, text))

    def command(self, when, line):
        self.commands.append((when, line))

    def mails(self, news):
        for mail in news:
            tag = tag_of(mail["subject"])
            self.counts[counter_of(tag)] += 1
            self.subjects[tag] += 1
            self.latest.append((mail["rcpt"], mail["subject"]))

    def asked(self, when, named, reason):
        self.waiting[named] = when, "待签发" in reason
        self.questions += "待签发" in reason
        self.signatures.append((when, "？", named, reason))

    def signed_now(self, when, named):
        self.waiting.pop(named, None)
        self.given += 1
        self.signatures.append((when, "✓", named, "签发"))

    def withdrawn_now(self, when, gone):
        together = collections.defaultdict(list)
        for named in gone:
            _, sign = self.waiting.pop(named)
            self.withdrawn += sign
            self.spared += not sign
            self.signatures.append((when, "✗", named, "已报送或另行处理，撤回不发"))
            together[named[0], named[2]].append(named[1])
        for (step, what), names in together.items():
            who = names[0] if len(names) == 1 else f"{names[0]}等{len(names)}家"
            self.say(when, f"{who}{what}的“{step}”不必发了，撤回")

    def wants_frame(self, now):
        return False

    def open(self, directory):
        pass

    def close(self):
        pass

    def draw(self, now, status, due):
        raise NotImplementedError


class Plain(Story):
    """Lines: for logs, pipes and continuous integration."""

    def __init__(self, units):
        super().__init__(units)
        self.last_week = None

    def open(self, directory):
        print(f"督办演示：2019年8月1日至11月30日，{len(self.units)}个单位；文件在 {directory}",
              flush=True)

    def say(self, when, text):
        super().say(when, text)
        print(f"{when:%m-%d %H:%M}  {text}", flush=True)

    def signed_now(self, when, named):
        super().signed_now(when, named)
        print(f"{when:%m-%d %H:%M}  签发：{named[1]}{named[2]}的“{named[0]}”", flush=True)

    def wants_frame(self, now):
        return now.weekday() == 4 and now.hour >= 17 and now.isocalendar()[1] != self.last_week

    def draw(self, now, status, due):
        self.last_week = now.isocalendar()[1]
        number = (now.date() - season.FIRST_FRIDAY).days // 7 + 1
        lights = collections.Counter(row["standing"] for row in due if row["number"] == number)
        seen = "，".join(f"{words.MARKS[s][2]}{n}" for s, n in sorted(lights.items()))
        sent = "，".join(f"{name}{self.counts[name]}" for name, _, _ in COUNTERS)
        print(f"{now:%m-%d %H:%M}  第{number}期：{seen or '无'}；已发邮件：{sent}；"
              f"暂缓{status['held']}，待核件{status['tray']}", flush=True)


class Live(Story):
    """A screen that is drawn over and over, on the terminal's second page."""

    live = True

    def __init__(self, units):
        super().__init__(units)
        self.paint = words.Paint(words.colours_wanted(sys.stdout))
        self.drawn = 0

    def open(self, directory):
        self.directory = directory
        sys.stdout.write("\x1b[?1049h\x1b[?25l\x1b[2J")
        sys.stdout.flush()

    def close(self):
        sys.stdout.write("\x1b[?25h\x1b[?1049l")
        sys.stdout.flush()

    def wants_frame(self, now):
        return time.monotonic() - self.drawn >= FRAME_SECONDS

    def draw(self, now, status, due):
        columns, rows = shutil.get_terminal_size((80, 24))
        columns = max(columns, 40)
        top = self.head(now, status, columns)
        table = self.table(now, due, columns, rows - len(top) - 5)
        rest = rows - len(top) - len(table)
        lines = (top + table + self.tail(columns, rest))[:rows]
        out = "\x1b[H" + "\r\n".join(line + "\x1b[K" for line in lines) + "\x1b[J"
        sys.stdout.write("\x1b[?2026h" + out + "\x1b[?2026l")
        sys.stdout.flush()
        self.drawn = time.monotonic()

    def head(self, now, status, columns):
        p = self.paint
        share = (now - season.START) / (season.END - season.START)
        phase = next(name for until, name in PHASES if now.date() < until)
        first = f" 督办演示 百日攻坚   {words.day(now)} {now:%H:%M}   {phase}"
        counts = "  ".join(f"{name} {p(f'{self.counts[name]:>3}', '1')}"
                           for name, _, _ in COUNTERS)
        held = p(f"{status['held']}", "33;1" if status["held"] else "1")
        tray = p(f"{status['tray']}", "33;1" if status["tray"] else "1")
        line = f" {counts}  │ 暂缓 {held}  待核件 {tray}"
        if words.width(line) > columns:
            line = f" {re.sub('  +', ' ', counts)} │ 暂缓 {held} 待核 {tray}"
        return [p(words.fit(first, columns), "7"),
                " " + p(words.bar(share, max(10, columns - 8)), "36") + f" {share:4.0%}", line]

    def table(self, now, due, columns, room):
        """Units in as many columns as fit, each with its lights, the latest at the right."""
        lights = collections.defaultdict(dict)
        for row in due:
            lights[row["unit"]][row["number"]] = row["standing"]
        last = max(2, min(season.WEEKS, (now.date() - season.FIRST_FRIDAY).days // 7 + 2))
        side = 1 if columns < 60 else 2 if columns < 150 else 3
        each = columns // side
        shown = max(3, min(season.WEEKS - 1, (each - 15) // 2))
        weeks = list(range(max(2, last - shown + 1), max(2, last - shown + 1) + shown))
        height = -(-len(self.units) // side)
        lines = [self.weeks_line(weeks, last, each, side)]
        for i in range(height):
            cells = []
            for k in range(side):
                if i + k * height < len(self.units):
                    unit, name = self.units[i + k * height]
                    cells.append(self.cell(name, lights[unit], weeks, each))
            lines.append("".join(cells))
        return lines[:max(4, room)]

    def weeks_line(self, weeks, last, each, side):
        numbers = "".join(f"{n:<2}" if n <= last and n % 2 == 0 else "  " for n in weeks)
        return "".join(words.fit(self.paint(" " + words.fit("第几期", 12) + " " + numbers, "2"),
                                 each) for _ in range(side))

    def cell(self, name, lights, weeks, each):
        marks = "".join(self.paint.mark(lights.get(n, "untracked")) + " " for n in weeks)
        return words.fit(" " + words.fit(name, 12) + " " + marks, each)

    def tail(self, columns, rows):
        p = self.paint
        legend = " ".join(f"{p(m, sgr)}{zh}" + (f" {en}" if columns >= 110 else "")
                          for m, sgr, zh, en in list(words.MARKS.values())[:-1])
        lines = [" " + legend]
        sign = self.sign_lines(columns, 4 if rows >= 12 else 2 if rows > 6 else 1)
        lines += sign
        story = [p(words.cut(f" {w:%m-%d} {t}", columns - 1), "1")
                 for w, t in self.chronicle[-(3 if rows >= 14 else 1):]]
        lines += story
        if rows - len(lines) > 3 and self.commands:
            when, line = self.commands[-1]
            lines.append(p(words.cut(f" {when:%m-%d %H:%M} $ {line}", columns - 1), "36"))
        for rcpt, subject in list(self.latest)[-max(0, rows - len(lines)):][::-1]:
            head = words.fit(rcpt.split(".example")[0], 20)
            lines.append(f" {p('✉', '2')} {p(head, '2')} " +
                         words.cut(subject, max(10, columns - 26)))
        return lines[:rows]

    def sign_lines(self, columns, count):
        p = self.paint
        head = p(f" 签发：请示 {self.questions}，签发 {self.given}，撤回 {self.withdrawn}，"
                 f"等待 {len(self.waiting)}", "33" if self.waiting else "2")
        lines = [head]
        for when, sign, (step, name, what), why in list(self.signatures)[-(count - 1):][::-1]:
            colour = {"？": "33", "✓": "32", "✗": "2"}[sign]
            lines.append(p(words.cut(f"   {sign} {when:%m-%d %H:%M} {name}{what} {step}：{why}",
                                     columns - 1), colour))
        return lines[:count]
