"""Who does what when: the story that the demo plays, as a list of events in local time.

Nothing here is left to chance: equal arguments give an equal story, down to the second.
"""
import base64
import dataclasses
import datetime
import zlib

UTC_OFFSET = datetime.timedelta(hours=8)  # Asia/Shanghai in 2019
START = datetime.datetime(2019, 8, 1)
END = datetime.datetime(2019, 12, 1)
FIRST_FRIDAY = datetime.date(2019, 8, 2)
WEEKS = 18
AT = "@xinbei-2019.example.org"
WEEKLY = "weekly" + AT
TYPHOON, MID_AUTUMN, NATIONAL_DAY = 2, 7, 10  # numbers of weekly reports

EARLY = ("yingji", "xiaofang", "shengtai")
HALF_HOUR, JUST_IN_TIME, IN_GRACE = "xuejia", "xinqiao", "zhujian"
A_DAY_LATE, AFTER_WEEKEND, SLOW, NEVER = "benniu", "shangwu", "menghe", "longkong"

# How a unit behaves, in the words of the closing table.
WAYS = {
    **dict.fromkeys(EARLY, "总是早报"),
    HALF_HOUR: "总在截止前半小时",
    JUST_IN_TIME: "总在最后两分钟",
    IN_GRACE: "压在宽限期里",
    A_DAY_LATE: "隔周迟一天",
    AFTER_WEEKEND: "有时拖到周一",
    SLOW: "三次拖到督办前后",
    NEVER: "从不报送",
    "jiaoyu": "第5期退回补正",
    "zongbao": "第12期免报",
    "nongye": "第9期单独延期",
    "hehai": "第8期邮件迟到",
    "luoxi": "第14期传真未写事项",
    "jiaotong": "第13期误报零报告",
}


@dataclasses.dataclass
class Event:
    """Something that a person does at an instant."""

    at: datetime.datetime
    kind: str  # submit | ctl
    unit: str
    command: list  # as dubanctl takes it
    body: dict = None  # submit: what goes over the socket
    note: str = None  # worth a line in the chronicle
    big: bool = False  # worth a moment's pause


def friday(number):
    return FIRST_FRIDAY + datetime.timedelta(weeks=number - 1)


def rid(number):
    """The recurrence-id of a weekly report."""
    due = datetime.datetime.combine(friday(number), datetime.time(17))
    return (due - UTC_OFFSET).strftime("%Y%m%dT%H%M%SZ")


def at(day, clock, plus_days=0):
    """A day and "16:58:00"."""
    time = datetime.time.fromisoformat(clock)
    return datetime.datetime.combine(day + datetime.timedelta(days=plus_days), time)


def chance(unit, what, below):
    """A number below @below that depends on nothing but the names."""
    return zlib.crc32(f"{unit}/{what}".encode()) % below


def minutes_after(day, clock, unit, what, span, plus_days=0):
    """@clock plus less than @span minutes, and some seconds."""
    return at(day, clock, plus_days) + datetime.timedelta(
        minutes=chance(unit, what, span), seconds=chance(what, unit, 60))


def quoted(word):
    plain = word and all(c.isalnum() or c in "-_@.:/=#" for c in word)
    return word if plain else "'" + word.replace("'", "'\\''") + "'"


def submit(when, unit, name, uid, number_rid, title, why, received=None, zero=False, **more):
    """One report, as a command line and as the request that the command makes."""
    command = ["submit", unit] + ([uid] if uid else []) + ([number_rid] if number_rid else [])
    body = {"unit": unit, "uid": uid, "rid": number_rid, "zero": zero, "why": why}
    if zero:
        command.append("--zero")
    if received:
        body["received"] = received.isoformat(timespec="seconds")
        command += ["--received", body["received"]]
    if not zero and uid:
        checked = 20 + chance(unit, f"{title}/checked", 60)
        found = 3 + chance(unit, f"{title}/found", 15)
        mended = found - chance(unit, f"{title}/open", 3)
        fields = {"检查单位数": checked, "发现隐患数": found, "已整改数": mended}
        body["fields"] = {k: str(v) for k, v in fields.items()}
        file = f"{name}{title}.txt"
        text = f"{name}{title}\n" + "".join(f"{k}：{v}\n" for k, v in fields.items())
        body["parts"] = [{"name": file, "base64": base64.b64encode(text.encode()).decode()}]
        command += [f"--file={file}"]
    command += ["--why", why]
    return Event(when, "submit", unit, command, body, **more)


def decide(when, unit, words, note=None, big=True):
    return Event(when, "ctl", unit, words, None, note, big)


# ---- the weekly reports ------------------------------------------------------


def weekly_time(unit, number):
    """When a unit hands in its report of week @number; None: not at all, or told elsewhere."""
    day = friday(number)
    what = f"weekly-{number}"
    if unit == NEVER or (unit, number) in (("zongbao", 12), ("hehai", 8), ("luoxi", 14),
                                           ("jiaotong", 13)):
        return None
    if unit == SLOW and number in (6, 12, 16):
        return at(day, "15:20:00", 5)
    if number == NATIONAL_DAY:
        return national_day_time(unit, day, what)
    if unit in EARLY:
        return minutes_after(day, "10:05", unit, what, 360, -2)
    when = usual_time(unit, number, day, what)
    if number == TYPHOON and when > at(day, "11:00"):
        return minutes_after(day, "08:40", unit, what, 190, 3)
    if number == MID_AUTUMN and when.date() == day:
        return when - datetime.timedelta(days=1)  # the Friday is a holiday
    return when


def usual_time(unit, number, day, what):
    if unit == HALF_HOUR:
        return at(day, "16:30:00")
    if unit == JUST_IN_TIME:
        return minutes_after(day, "16:58", unit, what, 2)
    if unit == IN_GRACE:
        return minutes_after(day, "17:04", unit, what, 24)
    if unit == A_DAY_LATE and number % 2 == 0:
        return minutes_after(day, "10:10", unit, what, 50, 1)
    if unit == AFTER_WEEKEND and number % 4 == 1:
        return minutes_after(day, "11:15", unit, what, 40, 3)
    if unit == "nongye" and number == 9:
        return minutes_after(day, "16:00", unit, what, 40, 2)  # within its extension
    if chance(unit, what, 3) == 0:
        return minutes_after(day, "14:05", unit, what, 200, -1)
    return minutes_after(day, "08:45", unit, what, 420)


def national_day_time(unit, day, what):
    """Deadline in the middle of the holiday: most come after it, when the office has extended."""
    if unit in EARLY or chance(unit, what, 5) == 0:
        return minutes_after(day, "14:10", unit, what, 170, -4)
    return minutes_after(day, "11:05", unit, what, 300, 5)


def weekly(units):
    for number in range(2, WEEKS + 1):
        for unit, name in units:
            when = weekly_time(unit, number)
            if when and when < END:
                yield submit(when, unit, name, WEEKLY, rid(number), f"第{number}期周报",
                             "电子邮件报送")


# ---- what is handed in once --------------------------------------------------


def once(units):
    day = datetime.date
    for unit, name in units:
        if unit == NEVER:
            continue
        late = unit == A_DAY_LATE
        yield submit(minutes_after(day(2019, 8, 12), "09:20", unit, "plan", 60) if late else
                     minutes_after(day(2019, 8, 7 + chance(unit, "p", 3)), "09:00", unit, "plan",
                                   450),
                     unit, name, "plan" + AT, "", "方案", "电子邮件报送")
        yield submit(minutes_after(day(2019, 9, 29), "20:35", unit, "r", 20) if unit == SLOW else
                     minutes_after(day(2019, 9, 27), "09:00", unit, "r", 480,
                                   2 * chance(unit, "r", 2)),
                     unit, name, "roster" + AT, "", "国庆值班表", "电子邮件报送")
        yield submit(minutes_after(day(2019, 11, 4), "09:05", unit, "i", 40)
                     if unit == AFTER_WEEKEND else
                     minutes_after(day(2019, 10, 21 + 7 * chance(unit, "w", 2)), "09:00", unit,
                                   "i", 450, chance(unit, "d", 4)),
                     unit, name, "inspection" + AT, "", "拉网式排查情况", "纸质件，当面送达")
        yield submit(minutes_after(day(2019, 11, 30), "10:10", unit, "s", 60) if late else
                     minutes_after(day(2019, 11, 25), "09:00", unit, "s", 480,
                                   chance(unit, "s", 5)),
                     unit, name, "summary" + AT, "", "工作总结", "电子邮件报送")


# ---- what does not go by rule ------------------------------------------------


def special(names):
    """The office at work: extensions, a return, an exemption, strays, a mail that came late."""
    day = datetime.date
    typhoon = "防御第9号台风“利奇马”，各单位全力抗台"
    yield decide(at(day(2019, 8, 9), "11:00:00"), "",
                 ["extend", "--all", WEEKLY, rid(2), "--due", "2019-08-12T12:00", "--why", typhoon],
                 "台风“利奇马”：第2期周报全部延到8月12日12:00")
    yield decide(at(day(2019, 9, 2), "09:40:00"), "jiaoyu",
                 ["return", "jiaoyu", WEEKLY, rid(5), "--due", "2019-09-03T12:00", "--why",
                  "缺“已整改数”"], "教育局第5期退回补正，限9月3日12:00")
    yield submit(at(day(2019, 9, 2), "16:05:00"), "jiaoyu", names["jiaoyu"], WEEKLY, rid(5),
                 "第5期周报（补正）", "补正后重报", note="教育局补正后重报")
    yield submit(at(day(2019, 9, 25), "09:12:00"), "hehai", names["hehai"], WEEKLY, rid(8),
                 "第8期周报", "邮件滞留五天，邮件服务器记载9月20日16:41送达",
                 received=at(day(2019, 9, 20), "16:41:30"), big=True,
                 note="河海街道第8期的邮件到了：9月20日16:41就送达，当时滞留 → 向听到督办的领导更正")
    yield decide(at(day(2019, 9, 27), "10:30:00"), "nongye",
                 ["extend", "nongye", WEEKLY, rid(9), "--due", "2019-09-29", "--why",
                  "周末集中开展秋收防火检查"], "农业农村局第9期准予延到9月29日")
    yield decide(at(day(2019, 10, 9), "10:40:00"), "",
                 ["extend", "--all", WEEKLY, rid(10), "--due", "2019-10-10T17:00", "--why",
                  "截止日在国庆长假，过半单位未报"],
                 "过半未报，先不惊动领导；安委办决定第10期全部延到10月10日17:00")
    yield decide(at(day(2019, 10, 16), "15:10:00"), "zongbao",
                 ["exempt", "zongbao", WEEKLY, rid(12), "--why", "机构整体搬迁"],
                 "综保局第12期免报")
    yield submit(at(day(2019, 10, 25), "15:10:00"), "jiaotong", names["jiaotong"], WEEKLY,
                 rid(13), "第13期周报", "邮件只写“无”", zero=True, big=True,
                 note="交通执法支队第13期只写“无”：周报不接受零报告 → 待核件")
    yield decide(at(day(2019, 10, 25), "15:40:00"), "jiaotong",
                 ["tray", "reject", "1", "--why", "没有情况也要报周报表"],
                 "安委办退掉零报告，请交通执法支队补周报表")
    yield submit(at(day(2019, 10, 25), "16:20:00"), "jiaotong", names["jiaotong"], WEEKLY,
                 rid(13), "第13期周报", "电子邮件报送", note="交通执法支队按时补来周报表")
    yield submit(at(day(2019, 11, 1), "16:20:00"), "luoxi", names["luoxi"], "", "", "传真",
                 "传真件，未写明哪一项", big=True,
                 note="罗溪镇传真没写是哪一项 → 待核件；有待核件，不向其领导催办")
    yield decide(at(day(2019, 11, 4), "14:30:00"), "luoxi",
                 ["tray", "accept", "2", "--uid", WEEKLY, "--rid", rid(14), "--why",
                  "经核实为第14期周报"], "安委办收下罗溪镇第14期：按传真到达时间算，按时")


OFF = {datetime.date(2019, 9, 13), *(datetime.date(2019, 10, d) for d in range(1, 8))}
MADE_UP = {datetime.date(2019, 9, 29), datetime.date(2019, 10, 12)}


def works(day):
    """Is the office at work? As holidays.ics says."""
    return day in MADE_UP or (day.weekday() < 5 and day not in OFF)


def events(units):
    """Everything that people do unasked, in order. @units: (id, name) of those that report."""
    everything = [*weekly(units), *once(units), *special(dict(units))]
    return sorted(everything, key=lambda e: (e.at, e.unit, e.command))


# ---- what the office signs ---------------------------------------------------


def signs(unit, uid, number, at_hour, asked_days):
    """Does the office sign this 督办 now? It was asked @asked_days ago.

    It signs what it knows: the unit that never reports (the first time only after a call),
    and the one whose report it has no trace of.  The others it calls: they answer, and the
    letter is never sent.
    """
    if unit == NEVER:
        return at_hour == 16 and (number != 2 or asked_days >= 2)
    return unit == "hehai" and number == 8 and at_hour == 10
