#!/usr/bin/env python3
"""The offline verbs of dubanctl as an office uses them: new, calendar, holidays, roster, diff, template.

Each writes what it says and nothing else; each mistake is told with its place and leaves the files
as they were.
"""
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = pathlib.Path(os.environ.get("SOURCE_DIR", HERE.parent.parent))
DUBANCTL = pathlib.Path(os.environ.get("BINARY_DIR", SOURCE / "build")) / "dubanctl"
SAMPLE = SOURCE / "calendars" / "xinbei-2019"
HOLIDAYS = SOURCE / ".." / "shared" / "ical" / "visible" / "holidays-cn"

# Facts: what was published for the winter of 2020, and a table as it may come for 2027.
TABLE_2020 = {"year": 2020, "papers": [], "days": [
    {"name": "元旦", "date": "2020-01-01", "isOffDay": True},
    {"name": "春节", "date": "2020-01-19", "isOffDay": False},
    {"name": "春节", "date": "2020-02-02", "isOffDay": True},
    {"name": "春节", "date": "2020-02-03", "isOffDay": False}]}
TABLE_2027 = {"year": 2027, "papers": [], "days": [
    {"name": "国庆节", "date": f"2027-10-0{d}", "isOffDay": True} for d in range(1, 8)]}


class Skip(Exception):
    """The machine lacks what the test needs."""


def run(*args, want=0, env=None):
    done = subprocess.run([DUBANCTL, *map(str, args)], capture_output=True, timeout=120,
                          env={**os.environ, **(env or {})}, check=False)
    out, err = done.stdout.decode("utf-8"), done.stderr.decode("utf-8")
    assert "Sanitizer" not in err, err
    assert done.returncode == want, (f"dubanctl {' '.join(map(str, args))}: exit "
                                     f"{done.returncode}, not {want}\n{out}{err}")
    return out, err


def expand(path, first, last):
    return [line.split("\t") for line in run("expand", path, first, last)[0].splitlines()]


def tree_of(directory):
    return {p.relative_to(directory).as_posix(): p.read_bytes()
            for p in directory.rglob("*") if p.is_file()}


def sample_in(work):
    shutil.copytree(SAMPLE, work / "c")
    return work / "c"


def test_help(_work):
    for verb in ("new", "calendar", "holidays", "roster", "diff", "template", "feed"):
        out, _ = run(verb, "--help")
        assert out.startswith(f"用法：dubanctl {verb} "), out
        if verb not in ("roster",):
            assert "用法" in run(verb, want=64)[1]


# ---- new ----

def test_new(work):
    made = work / "deep" / "xinbei-2027"
    out, err = run("new", made, "--from", f"{SAMPLE}/", "--year", 2027, "--name", "2027年百日攻坚")
    assert err == "", err
    assert "2027 年的放假安排未知" in out and "值班表（2 份）没有复制" in out, out
    assert sorted(tree_of(made)) == ["campaign.ics", "campaign.yaml", "holidays.ics", "units.csv"]
    assert (made / "units.csv").read_bytes() == (SAMPLE / "units.csv").read_bytes()
    out, err = run("check", made)
    assert "0 个错误" in err and "YEAR_UNKNOWN" in out, out + err
    rows = expand(made / "campaign.ics", "2027-01-01", "2028-01-01")
    weekly = [r[0] for r in rows if r[2].startswith("weekly@")]
    # Every Friday of August to November 2027, 17:00 in Shanghai.
    assert weekly[0] == "20270806T090000Z" and weekly[-1] == "20271126T090000Z", weekly
    assert len(weekly) == 17
    assert {r[2].split("@")[1] for r in rows} == {"xinbei-2027.example.org"}
    plan = [r[:2] for r in rows if r[2].startswith("plan@")]
    assert plan == [["20270809T160000Z", "20270810T160000Z"]], plan  # the 10th in Shanghai
    yaml = (made / "campaign.yaml").read_text(encoding="utf-8")
    assert "name: \"2027年百日攻坚\"" in yaml and "track_from: 2027-08-02\n" in yaml
    old = (SAMPLE / "campaign.yaml").read_text(encoding="utf-8")
    comments = [line for line in old.splitlines() if line.lstrip().startswith("#")]
    assert [x for x in yaml.splitlines() if x.lstrip().startswith("#")] == comments


def test_new_for_a_known_year(work):
    out, _ = run("new", work / "y2025", "--from", SAMPLE, "--year", 2025)
    assert "未知" not in out, out
    out, err = run("check", work / "y2025")
    assert "0 个错误" in err and "YEAR_UNKNOWN" not in out


def test_new_refuses(work):
    run("new", work / "a", "--from", SAMPLE, "--year", 2027)
    before = tree_of(work)
    assert "不覆盖" in run("new", work / "a", "--from", SAMPLE, "--year", 2028, want=1)[1]
    for year in ("x", "20270", "-1", "1066"):
        assert "--year" in run("new", work / "b", "--from", SAMPLE, f"--year={year}", want=64)[1]
    run("new", work / "b", "--from", work / "none", "--year", 2027, want=1)
    assert "--name" in run("new", work / "b", "--from", SAMPLE, "--year", 2027, "--name", "a\nb",
                           want=64)[1]
    shutil.copytree(SAMPLE, work / "broken")
    (work / "broken" / "campaign.yaml").write_text("name: x\n", encoding="utf-8")
    assert "campaign.yaml:1" in run("new", work / "b", "--from", work / "broken", "--year", 2027,
                                    want=1)[1]
    assert {k: v for k, v in tree_of(work).items() if not k.startswith("broken")} == before


# ---- calendar ----

def test_calendar(_work):
    out, err = run("calendar", SAMPLE, "--month", "2019-10", env={"NO_COLOR": "1"})
    assert err == "" and "\033" not in out
    for part in ("2019年10月", "| 1 休", "|12 班", "报 17:00", "国庆值守", "带班 ",
                 "第10期周报（weekly，26个单位）", "拉网式排查情况"):
        assert part in out, (part, out)
    assert "2019年8月" in run("calendar", SAMPLE)[0]  # over: its first month
    for wrong in ("2019-13", "2019", "2019-1", "x"):
        assert "--month" in run("calendar", SAMPLE, "--month", wrong, want=64)[1]
    assert "--width" in run("calendar", SAMPLE, "--width", "wide", want=64)[1]
    narrow = run("calendar", SAMPLE, "--month", "2019-10", "--width", "1")[0]
    assert max(len(x) for x in narrow.splitlines() if x.startswith("+")) == 78


# ---- holidays ----

def test_holidays(work):
    (work / "2020.json").write_text(json.dumps(TABLE_2020), encoding="utf-8")
    c = sample_in(work)
    text = run("holidays", "import", work / "2020.json")[0]
    assert text.startswith("BEGIN:VCALENDAR\r\n") and "20200203" in text
    before = {r[2]: r for r in expand(c / "holidays.ics", "2018-01-01", "2030-01-01")}
    _, err = run("holidays", "import", work / "2020.json", "--into", c)
    assert "2020年放假 2 天，调休上班 2 天" in err, err
    after = {r[2]: r for r in expand(c / "holidays.ics", "2018-01-01", "2030-01-01")}
    kept = {u: r for u, r in before.items() if u in after}
    assert all(after[u] == r for u, r in kept.items())
    assert len(before) - len(kept) == 13 and len(after) - len(kept) == 4, (len(kept), len(after))
    stamp = (c / "holidays.ics").stat().st_mtime_ns
    assert "没有变化" in run("holidays", "import", work / "2020.json", "--into", c)[1]
    assert (c / "holidays.ics").stat().st_mtime_ns == stamp
    run("check", c)


def test_holidays_make_a_year_known(work):
    run("new", work / "n", "--from", SAMPLE, "--year", 2027)
    (work / "t.json").write_text(json.dumps(TABLE_2027), encoding="utf-8")
    run("holidays", "import", work / "t.json", "--into", work / "n")
    out, _ = run("check", work / "n")
    assert "YEAR_UNKNOWN" not in out and "2027-10-01" in out, out  # that Friday is off now
    (work / "t.csv").write_text("date,kind,name\n2027-09-26,work,国庆节\n", encoding="gb18030")
    (work / "new.ics").unlink(missing_ok=True)
    run("holidays", "import", work / "t.csv", "--into", work / "new.ics")
    assert [r[4] for r in expand(work / "new.ics", "2027-01-01", "2028-01-01")] == [
        "国庆节调休上班"]


def test_holidays_refuses(work):
    c = sample_in(work)
    before = tree_of(c)
    (work / "t.json").write_text(json.dumps(TABLE_2027), encoding="utf-8")
    _, err = run("holidays", "import", work / "t.json", "--into", work / "mistyped", want=64)
    assert ".ics" in err and not (work / "mistyped").exists(), err
    for name, text, said in (
            ("e.json", '{"year": 2027, "days": []}', "还没有公布"),
            ("j.json", '{"year": 2027,\n "days": ]}', "j.json:2:10: error: HOLIDAY_JSON"),
            ("c.csv", "2027-01-01,off\n2027-01-02,perhaps\n", "c.csv:2:2: error: HOLIDAY_BAD")):
        (work / name).write_text(text, encoding="utf-8")
        assert said in run("holidays", "import", work / name, "--into", c, want=1)[1]
    run("holidays", "import", work / "none.json", "--into", c, want=1)
    assert tree_of(c) == before
    (c / "holidays.ics").write_text("<html>login</html>", encoding="utf-8")
    (work / "ok.json").write_text(json.dumps(TABLE_2027), encoding="utf-8")
    run("holidays", "import", work / "ok.json", "--into", c, want=1)
    assert (c / "holidays.ics").read_text(encoding="utf-8") == "<html>login</html>"


def test_holidays_as_published(work):
    """All published tables at once are what the sample holds."""
    tables = sorted(p for p in HOLIDAYS.glob("20*.json")
                    if json.loads(p.read_text(encoding="utf-8"))["days"])
    if not tables:
        print(f"  without the published tables: {HOLIDAYS} is not there")
        return
    run("holidays", "import", *reversed(tables), "--into", work / "all.ics")
    def days(path):
        return sorted((r[0], r[1], r[4]) for r in expand(path, "2018-01-01", "2030-01-01"))
    assert days(work / "all.ics") == days(SAMPLE / "holidays.ics")


# ---- roster ----

def test_roster(work):
    c = sample_in(work)
    roster = c / "duty" / "guoqing.ics"
    table = run("roster", "export", roster)[0]
    assert table.startswith("\ufeff日期,起,止,岗位,姓名,邮箱\r\n")
    (work / "t.csv").write_bytes(table.encode().replace("市监乙".encode(), "市监丙".encode()))
    before = tree_of(c)
    out = run("roster", "import", work / "t.csv", "--into", roster)[0]
    plus = [x for x in out.splitlines() if x.startswith("+")]
    minus = [x for x in out.splitlines() if x.startswith("-")]
    assert len(plus) == len(minus) == 1 and "市监丙" in plus[0] and "市监乙" in minus[0], out
    assert "加 --yes" in out and tree_of(c) == before
    assert "已写入" in run("roster", "import", work / "t.csv", "--into", roster, "--yes")[0]
    assert run("roster", "export", roster)[0] == (work / "t.csv").read_bytes().decode()
    assert "没有变化" in run("roster", "import", work / "t.csv", "--into", roster, "--yes")[0]
    fresh = c / "duty" / "new" / ".." / "xin.ics"
    run("roster", "import", work / "t.csv", "--into", fresh, "--yes")
    out, _ = run("check", c, want=0)
    assert "ROSTER_GAP" not in out, out
    assert "预览" in run("roster", "import", work / "t.csv")[0]


def test_roster_mistakes(work):
    c = sample_in(work)
    before = tree_of(c)
    bad = work / "b.csv"
    bad.write_text("日期,起,止,岗位,姓名,邮箱\n2019-10-01,8:00,8:00,带班,甲,\n"
                   "10月1日,8点,25:00,局长,,no mail\n", encoding="gb18030")
    _, err = run("roster", "import", bad, "--into", c / "duty" / "guoqing.ics", "--yes", want=1)
    for place in ("3:1: error: ROSTER_DATE", "3:2: error: ROSTER_TIME", "3:3: error: ROSTER_TIME",
                  "3:4: error: ROSTER_ROLE", "3:5: error: ROSTER_PERSON", "3:6: error: BAD_ADDRESS",
                  "6 处要改"):
        assert place in err, (place, err)
    run("roster", "import", work / "none.csv", want=1)
    run("roster", "export", work / "none.ics", want=1)
    run("roster", "export", bad, want=1)
    assert "--into" in run("roster", "import", bad, "--into", c / "duty" / "x.csv", want=64)[1]
    assert "时区" in run("roster", "export", bad, "--tz", "Asia/Nowhere", want=64)[1]
    assert tree_of(c) == before


def test_roster_round_trip(work):
    """Out to a table of either kind and back: the same shifts; nothing in it can act as a formula."""
    c = sample_in(work)
    duty = c / "duty"
    table = ("日期,起,止,岗位,姓名,邮箱\n2019-10-01,8:00,8:00,带班,应急甲,jia@example.org\n"
             "2019-10-01,08:00,24:00,值班,\"'=HYPERLINK(1)\",\n2019-10-02,0:00,8:00,值班,'+86 乙,\n"
             "2019-10-02,8:00,17:30,值班,\"丙, \"\"老\"\"\",\n2019-10-03,8:00,9:00,值班,<&>,\n")
    (work / "t.csv").write_text(table, encoding="utf-8")
    run("roster", "import", work / "t.csv", "--into", duty / "x.ics", "--yes")
    plain = run("roster", "export", duty / "x.ics")[0]
    assert "\"'=HYPERLINK(1)\"" in plain and "\"'+86 乙\"" in plain and ",=" not in plain, plain
    for name in ("y.csv", "y.xlsx"):
        assert "：5班" in run("roster", "export", duty / "x.ics", "--into", work / name)[0]
        out = run("roster", "import", work / name, "--into", duty / "x.ics", "--yes")[0]
        assert "没有变化" in out and "不变5班" in out, out
    assert (work / "y.csv").read_bytes().decode() == plain
    first = (work / "y.xlsx").read_bytes()
    run("roster", "export", duty / "x.ics", "--into", work / "y.xlsx")
    assert (work / "y.xlsx").read_bytes() == first, "equal rosters, other bytes"
    with zipfile.ZipFile(work / "y.xlsx") as z:
        assert z.testzip() is None and b"<f>" not in z.read("xl/worksheets/sheet1.xml")
    assert "--into" in run("roster", "export", duty / "x.ics", "--into", work / "y.ods", want=64)[1]
    assert "y.xlsx" in run("roster", "export", duty / "x.ics", "--into", work / "no" / "y.xlsx", want=1)[1]


def test_roster_as_people_save_it(work):
    """What Excel and WPS make of a roster: other marks, charsets and separators, days in words."""
    rows = [("2019年10月1日", "8:00", "8:00"), ("2019/10/2", "08:00", "8:00:00"),
            ("2019.10.3", "8：00", "0.333333333333333"), ("43742", "0.333333333333333", "8:00"),
            ("43743.5", "8:00", "8:00"), ("2019-10-06 0:00:00", "8:00", "8:00"),
            ("2019-10-07T00:00:00", "8:00", "8:00")]
    want = [f"+ 2019-10-0{n} 周{d} 08:00–次日08:00 值班 甲" for n, d in enumerate("二三四五六日一", 1)]
    for separator, charset, head in ((",", "utf-8-sig", ""), (",", "gb18030", ""), (";", "utf-8", "sep=;\r\n"),
                                     ("\t", "utf-8", "sep=\t\r\n")):
        text = head + separator.join(("日期", "起", "止", "岗位", "姓名")) + "\r\n"
        text += "".join(separator.join((*r, "值班", "甲")) + "\r\n" for r in rows)
        (work / "t.csv").write_bytes(text.encode(charset))
        out = run("roster", "import", work / "t.csv")[0]
        assert out.splitlines()[:7] == want, (separator, charset, out)
    # Merged cells: only the first row has them; a role or a person left out is a mistake still.
    (work / "t.csv").write_text("日期,起,止,岗位,姓名\n2019-10-01,8:00,8:00,带班,甲\n,,,值班,乙\n"
                                "2019-10-02,9:00,8:00,带班,丙\n,,,值班,丁\n", encoding="utf-8")
    out, err = run("roster", "import", work / "t.csv")
    assert "+ 2019-10-01 周二 08:00–次日08:00 值班 乙" in out and "10-02 周三 09:00–次日08:00 值班 丁" in out
    assert "t.csv:3: warning: ROSTER_MERGED: 从这一行起有 6 格" in err, err
    # A column that is not read is said: it may have been meant for one that is.
    (work / "t.csv").write_text("日期,起,止,岗位,姓名,email地址,联系邮箱\n"
                                "2019-10-01,8:00,9:00,带班,甲,x@example.org,a@example.org\n",
                                encoding="utf-8")
    out, err = run("roster", "import", work / "t.csv")
    assert "带班 甲 a@example.org" in out, out
    assert "t.csv:1:6: warning: ROSTER_UNREAD: “email地址”" in err, err
    (work / "t.csv").write_text("日期,起,止,岗位,姓名\n,8:00,8:00,带班,甲\n2019-10-01,8:00,9:00,,\n",
                                encoding="utf-8")
    err = run("roster", "import", work / "t.csv", want=1)[1]
    assert "2:1: error: ROSTER_DATE" in err and "3:4: error: ROSTER_ROLE" in err, err


def test_workbook_of_a_library(work):
    """As openpyxl writes it: real dates and hours, merged cells, days counted from 1904."""
    sys.path.append("/usr/lib/python3/dist-packages")
    try:
        import openpyxl
    except ImportError:
        raise Skip("python3-openpyxl is not installed") from None
    for mac in (False, True):
        book = openpyxl.Workbook()
        if mac:
            book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
        sheet = book.active
        sheet.append(["日期", "起", "止", "岗位", "姓名", "邮箱"])
        hour = datetime.time(8, 30)
        sheet.append([datetime.date(2019, 10, 1), hour, hour, "带班", "甲", "jia@example.org"])
        sheet.append([None, None, None, "值班", "乙"])
        sheet.append([datetime.datetime(2019, 10, 2), "8:30", datetime.time(0, 0), "值班", "=1+1"])
        for column in "ABC":
            sheet.merge_cells(f"{column}2:{column}3")
        sheet["E4"].data_type = "s"
        book.save(work / "t.xlsx")
        out = run("roster", "import", work / "t.xlsx")[0]
        assert out.splitlines()[:3] == ["+ 2019-10-01 周二 08:30–次日08:30 带班 甲 jia@example.org",
                                        "+ 2019-10-01 周二 08:30–次日08:30 值班 乙",
                                        "+ 2019-10-02 周三 08:30–次日00:00 值班 =1+1"], (mac, out)
    run("roster", "import", work / "t.xlsx", "--into", work / "duty" / "x.ics", "--yes")
    run("roster", "export", work / "duty" / "x.ics", "--into", work / "y.xlsx")
    read = openpyxl.load_workbook(work / "y.xlsx").active
    assert [c.value for c in read[1]] == ["日期", "起", "止", "岗位", "姓名", "邮箱"]
    assert read["E4"].value == "=1+1" and read["E4"].data_type == "s" and read.max_row == 4


def test_workbook_of_an_office(work):
    """As LibreOffice writes it, and as it opens ours."""
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        raise Skip("LibreOffice is not installed")
    (work / "t.csv").write_text("日期,起,止,岗位,姓名\n2019-10-01,8:00,8:00,带班,甲\n", encoding="utf-8")
    subprocess.run([office, "--headless", f"-env:UserInstallation=file://{work}/o", "--convert-to", "xlsx",
                    "--infilter=CSV:44,34,76", "--outdir", work, work / "t.csv"], check=True,
                   capture_output=True, timeout=120)
    assert "+ 2019-10-01 周二 08:00–次日08:00 带班 甲\n" in run("roster", "import", work / "t.xlsx")[0]


# ---- roster from a workbook ----

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
RELS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def workbook(path, sheet, strings="", extra=None):
    """A workbook as spreadsheet programs write it, whose first sheet is not sheet1.xml."""
    parts = {
        "xl/workbook.xml": f'{HEAD}<workbook {MAIN} xmlns:r="{RELS}"><sheets>'
                           '<sheet name="值班" sheetId="2" r:id="rId7"/>'
                           '<sheet name="别的" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels":
            HEAD + '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
            'relationships"><Relationship Id="rId1" Type="t" Target="worksheets/sheet1.xml"/>'
            '<Relationship Id="rId7" Type="t" Target="worksheets/sheet2.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f"{HEAD}<worksheet {MAIN}><sheetData/></worksheet>",
        "xl/worksheets/sheet2.xml":
            f"{HEAD}<worksheet {MAIN}><sheetData>{sheet}</sheetData></worksheet>",
        "xl/sharedStrings.xml": f"{HEAD}<sst {MAIN}>{strings}</sst>",
        **(extra or {})}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for name, text in parts.items():
            z.writestr(name, text)
    return path


SHARED = ("<si><t>日期</t></si><si><t>起</t></si><si><t>止</t></si><si><t>岗位</t></si>"
          "<si><r><t>姓</t></r><r><t>名</t></r><rPh><t>xingming</t></rPh></si><si><t>带班</t></si>")
TITLES = "".join(f'<c r="{c}1" t="s"><v>{i}</v></c>' for i, c in enumerate("ABCDE"))
ROW = ('<row r="{n}"><c r="A{n}" s="3"><v>{day}</v></c><c r="B{n}"><v>4.1666666666666664E-2</v></c>'
       '<c r="C{n}"><v>0.35416666666666669</v></c><c r="D{n}" t="s"><v>5</v></c>'
       '<c r="E{n}" t="inlineStr"><is><t>{who}</t></is></c><c r="F{n}"/></row>')


def test_workbook(work):
    rows = f'<row r="1">{TITLES}</row>' + ROW.format(n=3, day=43739, who="应急甲 &amp; 乙")
    path = workbook(work / "t.xlsx", rows, SHARED)
    out, _ = run("roster", "import", path)
    assert "+ 2019-10-01 周二 01:00–08:30 带班 应急甲 & 乙\n" in out, out
    bad = rows + ROW.format(n=7, day=1, who="")
    _, err = run("roster", "import", workbook(work / "b.xlsx", bad, SHARED), want=1)
    assert "b.xlsx:7:1: error: ROSTER_DATE" in err and "b.xlsx:7:5: error: ROSTER_PERSON" in err


def test_a_formula_that_was_never_computed_is_no_empty_cell(work):
    """Programs write formulas without a value: the date is not that of the row above."""
    rows = (f'<row r="1">{TITLES}</row>' + ROW.format(n=2, day=43739, who="甲")
            + ROW.format(n=3, day="", who="乙").replace("<v></v>", "<f>A2+1</f>", 1)
            + ROW.format(n=4, day=43741, who="").replace("<is><t></t></is>", "<f>X1</f>").replace(
                ' t="inlineStr"', ""))
    _, err = run("roster", "import", workbook(work / "t.xlsx", rows, SHARED), want=1)
    assert "t.xlsx:3:1: error: ROSTER_DATE: “#公式没有算出的值" in err, err
    assert "t.xlsx:4:5: error: ROSTER_PERSON: 这一格的公式没有算出姓名" in err, err


def test_workbook_hostile(work):
    """Each ends soon, with words, and writes nothing."""
    row = f'<row r="1">{TITLES}</row>'
    laughs = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10 if i else "ha"}">' for i in range(9))
    bomb = "<si><t>" + "0" * (80 << 20) + "</t></si>"
    many = {f"xl/x{i}": "" for i in range(2500)}
    cases = {
        "bomb": (row, bomb, None), "entries": (row, SHARED, many),
        "rows": (row + '<row r="999999"/>', SHARED, None),
        "backwards": (row + '<row r="1"/>', SHARED, None),
        "columns": ('<row r="1"><c r="ZZZ1"><v>1</v></c></row>', SHARED, None),
        "string": ('<row r="1"><c r="A1" t="s"><v>99</v></c></row>', SHARED, None),
        "unclosed": (row + "<row>", "<si>", None), "empty": ("", SHARED, None),
        "laughs": (row, SHARED, {"xl/sharedStrings.xml":
                                 f"<!DOCTYPE x [{laughs}]><sst {MAIN}><si><t>&a8;</t></si></sst>"}),
        "outside": (row, SHARED, {"xl/sharedStrings.xml":
                    f'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><sst {MAIN}><si><t>'
                    "&e;</t></si></sst>"}),
    }
    for name, (sheet, strings, extra) in cases.items():
        path = workbook(work / f"{name}.xlsx", sheet, strings, extra)
        began = time.monotonic()
        out, err = run("roster", "import", path, "--into", work / "duty" / "x.ics", "--yes", want=1)
        words = err.removeprefix(f"dubanctl: {path}: ")
        assert out == "" and words.startswith(("表格", "压缩包", "没有找到工作表")), (name, err)
        assert time.monotonic() - began < 30, name
    whole = workbook(work / "t.xlsx", row, SHARED).read_bytes()
    for size in range(2, len(whole), 97):
        (work / "cut.xlsx").write_bytes(whole[:size])
        run("roster", "import", work / "cut.xlsx", want=1)
    assert not (work / "duty").exists()


# ---- diff, template ----

def test_diff(work):
    c = sample_in(work)
    assert run("diff", SAMPLE, c)[0] == f"{SAMPLE} → {c}：没有变化\n"
    yaml = (c / "campaign.yaml").read_text(encoding="utf-8")
    (c / "campaign.yaml").write_text(yaml.replace("\n    on_off_day: keep\n",
                                                  "\n    on_off_day: before\n", 1),
                                     encoding="utf-8")
    out = run("diff", SAMPLE, f"{c}/")[0]
    assert ("- 第10期周报 10月4日 17:00 → 9月30日 17:00，涉及26个单位\n" in
            out), out
    assert len(out.splitlines()) == 4, out  # the rule, two Fridays, the headline
    (c / "campaign.yaml").write_text("name: x\n", encoding="utf-8")
    run("diff", SAMPLE, c, want=1)


def test_template(work):
    c = sample_in(work)
    names = run("template", "list")[0].splitlines()
    assert "zh_CN/remind.subject" in names and names == sorted(names)
    for name in names:
        assert run("template", "show", name)[0].strip(), name
    assert "没有这个模板" in run("template", "show", "zh_CN/nosuch", want=1)[1]
    assert "改写了 0 个" in run("template", "check", c)[1]
    (c / "templates" / "zh_CN").mkdir(parents=True)
    mine = c / "templates" / "zh_CN" / "remind.subject"
    mine.write_text("【提醒】{{due}}\n", encoding="utf-8")
    assert "改写了 1 个模板，0 个错误" in run("template", "check", c)[1]
    assert run("template", "show", "zh_CN/remind.subject", "--dir", c)[0].startswith("【提醒】")
    mine.write_text("{{#list}}\n", encoding="utf-8")
    assert "zh_CN/remind.subject:1: error: TEMPLATE_SECTION" in run("template", "check", c,
                                                                    want=1)[0]


def main():
    failed = 0
    for name, fn in [(n, f) for n, f in globals().items() if n.startswith("test_")]:
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        with tempfile.TemporaryDirectory(prefix="duban-verbs-") as work:
            try:
                fn(pathlib.Path(work))
                print(f"ok {name}", flush=True)
            except Skip as why:
                print(f"skipped {name}: {why}", flush=True)
            except Exception:  # every failure is printed, the others still run
                failed += 1
                traceback.print_exc(file=sys.stdout)
                print(f"not ok {name}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
