"""The account at the end: how the units did, what was sent to whom and why, what to type next."""
import collections
import email
import email.header
import os
import re
import shlex
import sys
import textwrap

from . import season, words

RECEIVED = ("on-time", "late", "returned")
PEOPLE = (("liaison", "联络员"), ("leader", "分管领导"), ("head", "主要负责人"), ("office", "安委办"))
SORTS = {"remind": "提醒", "escalate": "催办督办", "receipt": "回执", "decision": "决定",
         "correction": "更正", "alarm": "告警", "streak": "连续未报"}
DECISIONS = {"extend": "准予延期", "return": "退回补正", "exempt": "免报", "receipt": "收件回执"}


def collect(demo):
    """Everything that is asked of the daemon while it still runs."""
    d = demo.daemon
    return {
        "due": d.get("/v1/due"),
        "notices": d.get("/v1/notices"),
        "status": d.get("/v1/status")["campaigns"][0],
        "journal": d.get("/v1/journal", max=1)[0]["seq"],
        "escalated": d.ctl("explain", season.NEVER, season.WEEKLY, season.rid(4)),
        "silent": d.ctl("explain", season.HALF_HOUR, season.WEEKLY, season.rid(4)),
    }


def person_of(address):
    local, _, domain = address.partition("@")
    return "office" if domain.startswith("anweiban.") else local


def scores(facts, units):
    """unit -> how it did, by the definitions of the rules: returned ones count as received."""
    table = {unit: collections.Counter() for unit, _ in units}
    for row in facts["due"]:
        of = table.get(row["unit"])
        if of is None or row["standing"] == "untracked":
            continue
        of[row["standing"]] += 1
        of["extended"] += row["extended"]
        if row["standing"] == "exempt":
            continue
        of["expected"] += 1
        of["received"] += row["standing"] in RECEIVED
        of["timely"] += row["standing"] == "on-time" or (
            row["standing"] == "returned" and row["received"] <= row["on_time"])
    return table


def percent(part, whole):
    return f"{100 * part / whole:.1f}%" if whole else "—"


class Writer:
    """Lines for the terminal and, without colours, for summary.txt."""

    def __init__(self, paint):
        self.paint = paint
        self.lines = []

    def __call__(self, line="", sgr=""):
        self.lines.append(self.paint(line, sgr))

    def title(self, text, english):
        self()
        self(f"{text}  {english}", "1;36")

    def plain(self):
        return "\n".join(words.SGR.sub("", line) for line in self.lines) + "\n"


def write_units(w, facts, units):
    table = scores(facts, units)
    w.title("一、各单位", "how the units did")
    heads = ("应报", "已报", "按时", "迟报", "未报", "免报", "延期")
    w(" " + words.fit("单位", 21) + "".join(words.fit(h, 6, right=True) for h in heads) +
      "  报送率  及时率  ", "2")
    total = collections.Counter()
    order = sorted(units, key=lambda u: (-table[u[0]]["timely"] / max(1, table[u[0]]["expected"]),
                                         -table[u[0]]["received"], u[0]))
    for unit, name in order:
        t = table[unit]
        total.update(t)
        write_score(w, name, t, season.WAYS.get(unit, ""))
    write_score(w, "合计", total, "")
    w(" 报送率＝已报÷应报，及时率＝按时÷应报，应报不含免报；第1期早于起算日期，不计。", "2")


def write_score(w, name, t, way):
    missing = t["expected"] - t["received"]
    share = t["timely"] / t["expected"] if t["expected"] else 0
    colour = "32" if share >= 0.95 else "33" if share >= 0.7 else "31"
    numbers = (t["expected"], t["received"], t["timely"], t["received"] - t["timely"], missing,
               t["exempt"], t["extended"])
    w(" " + words.fit(name, 21) + "".join(f"{n or '·':>6}" for n in numbers) +
      f"{percent(t['received'], t['expected']):>8}" +
      w.paint(f"{percent(t['timely'], t['expected']):>8}", colour) + "  " + way)


def offsets(demo):
    """step -> the offsets that campaign.yaml gives it."""
    text = (demo.dir / "xinbei-2019/campaign.yaml").read_text(encoding="utf-8")
    found = collections.defaultdict(list)
    for name, at in re.findall(r'\{name: ([^,]+),\s+at: "([^"]+)"', text):
        if at not in found[name]:
            found[name].append(at)
    return found


def write_sent(w, demo, facts):
    w.title("二、发了什么，发给谁", "what was sent to whom, and by which rule")
    told = collections.defaultdict(collections.Counter)
    first = {}
    for n in facts["notices"]:
        if n["state"] != "sent":
            continue
        key = (n["sort"], DECISIONS.get(n["step"], n["step"]).split("#")[0])
        told[key][person_of(n["address"])] += 1
        first.setdefault(key, n["at"])
    w(" " + words.fit("类别", 10) + words.fit("环节", 10) +
      "".join(words.fit(zh, 12, right=True) for _, zh in PEOPLE) + "  规则", "2")
    rules = offsets(demo)
    order = list(SORTS)
    for key in sorted(told, key=lambda k: (order.index(k[0]) if k[0] in order else 99, first[k])):
        sort, step = key
        why = " ".join(rules.get(step, [])) or {
            "receipt": "每收到一件", "decision": "每作一个决定", "correction": "发错的，向原收件人更正",
            "streak": "连续三期未报", "alarm": "须安委办知道的事"}.get(sort, "")
        w(" " + words.fit(SORTS.get(sort, sort), 10) + words.fit(step, 10) +
          "".join(f"{told[key][p] or '·':>12}" for p, _ in PEOPLE) + "  " + why)
    count = sum(sum(c.values()) for c in told.values())
    silent = collections.Counter(n["state"] for n in facts["notices"] if n["state"] != "sent")
    w(f" 共 {count} 条通知，合并成 {sum(demo.screen.subjects.values())} 封邮件"
      f"（同一时刻、同一收件人只发一封）；另有 {silent['superseded']} 条被后面的环节取代，"
      f"{silent['withdrawn']} 条撤回未发，{silent['overtaken']} 条发送前已报送，"
      f"{silent['held']} 条仍待签发。")
    s = demo.screen
    w(f" 签发：请示 {s.questions} 次，签发 {s.given} 次，因已报送等撤回 {s.withdrawn} 次，"
      f"仍在等 {len(s.waiting)} 次。不签发，一个领导也听不到督办。")
    w(f" 暂缓（过半未报、有待核件）后不必再发的另有 {s.spared} 次。")


def write_correction(w, facts):
    rows = [n for n in facts["notices"] if n["unit"] == "hehai" and n["rid"] == season.rid(8)]
    told = sorted({n["address"] for n in rows if n["sort"] == "escalate" and n["state"] == "sent"
                   and n["role"] in ("leader", "head")})
    corrected = sorted(n["address"] for n in rows if n["sort"] == "correction"
                       and n["state"] == "sent")
    w.title("三、一次更正", "a correction, to exactly those who were told")
    w(" 河海街道第8期在9月20日16:41已送达，但邮件滞留到9月25日才收到，其间领导听到了再次催办和督办：")
    w("   听到的：" + "，".join(told))
    w("   更正给：" + "，".join(corrected))


def write_chronicle(w, screen):
    w.title("四、大事记", "what happened")
    for when, text in screen.chronicle:
        w(f" {when:%m-%d %H:%M}  {text}")


def write_why(w, facts):
    w.title("五、为何", "why it was said, and why not (dubanctl explain)")
    for head, name in (("龙控集团第4期，惊动了领导：", "escalated"),
                       ("薛家镇第4期，领导没有听到任何消息：", "silent")):
        w(" " + head, "1")
        for line in facts[name].splitlines():
            if line:
                w("   " + line)
        w()


def write_next(w, demo, count):
    d = relative(demo.dir)
    w.title("六、邮件在哪里", "where the mails lie")
    w(f" {d}/mails/      {count} 封 .eml，按先后编号，用任何邮件软件打开")
    w(f" {d}/mails.txt   全部邮件的文字版，例如：less {d}/mails.txt")
    w(f" {d}/commands.txt 每一条 dubanctl 命令和时间；{d}/summary.txt 就是这份小结；"
      f"{d}/duband.log 守护进程的日志")
    w.title("七、接下来可以输入", "what to type next")
    w(" 再看这个演示的数据库（时钟停在12月1日零点，不再发信）：")
    w(f"   export PATH={shlex.quote(str(demo.args.bin))}:$PATH "
      f"DUBAN_SOCKET={shlex.quote(str(demo.args.socket))}")
    w(f"   duband -c {d}/after.yaml 2>/dev/null &       # 用完：kill %1")
    for command, what in (
            ("dubanctl status", "总况"),
            ("dubanctl due --standing missed", "漏报的"),
            (f"dubanctl explain {season.NEVER} {season.WEEKLY} {season.rid(6)}", "为何发、为何没发"),
            ("dubanctl notices --unit hehai", "某个单位的全部通知"),
            ("dubanctl journal --max 20", "操作日志")):
        w(f"   {command:<66} # {what}")
    w(" 办自己的专项行动：")
    for command, what in (
            ("cp -r calendars/xinbei-2019 ~/mine", "拿样板改"),
            ("dubanctl check ~/mine", "哪个文件哪一行写错了"),
            ("dubanctl simulate ~/mine --format text | less", "会给谁发什么，一封也不真发"),
            ("cp docs/duban.yaml.example ~/duban.yaml", "填 database、campaigns、socket、mail"),
            ("duband --check-config -c ~/duban.yaml", "检查设置"),
            ("duband -c ~/duban.yaml", "先写 redirect: 你的邮箱，就是试运行")):
        w(f"   {command:<66} # {what}")


def relative(path):
    """As one would type it: short inside the current directory, else whole."""
    short = os.path.relpath(path)
    return str(path) if short.startswith("..") else short


def text_of(raw):
    """A mail as a person reads it."""
    m = email.message_from_bytes(raw)
    heads = "\n".join(f"{h}: {email.header.make_header(email.header.decode_header(m[h]))}"
                      for h in ("Date", "From", "To", "Subject") if m[h])
    leaves = [p for p in m.walk() if not p.is_multipart()]
    plain = next((p for p in leaves if p.get_content_type() == "text/plain"), None)
    text = plain.get_payload(decode=True).decode("utf-8", "replace") if plain else ""
    others = "、".join(p.get_content_type() for p in leaves if p is not plain)
    return f"{heads}\n\n{text.rstrip()}" + (f"\n（另有：{others}）" if others else "")


def write_mails(demo):
    files = sorted((demo.dir / "mails").glob("*.eml"))
    with open(demo.dir / "mails.txt", "w", encoding="utf-8") as out:
        for path in files:
            out.write(f"{'─' * 78}\n{path.name}\n{text_of(path.read_bytes())}\n")
    return len(files)


def write(demo, facts):
    """Everything, to the terminal and into the working directory."""
    w = Writer(words.Paint(words.colours_wanted(sys.stdout)))
    w()
    w(textwrap.dedent(f"""\
        {facts['status']['name']}
         2019年8月1日至11月30日，{len(demo.units)}个单位，守护进程在演示时钟上走完全程。"""), "1")
    write_units(w, facts, demo.units)
    write_sent(w, demo, facts)
    write_correction(w, facts)
    write_chronicle(w, demo.screen)
    write_why(w, facts)
    write_next(w, demo, write_mails(demo))
    (demo.dir / "summary.txt").write_text(w.plain(), encoding="utf-8")
    print("\n".join(w.lines), flush=True)
