"""Text in a terminal: widths, colours, and the marks of the standings."""
import os
import re
import unicodedata

MARKS = {  # standing: mark, SGR, Chinese, English
    "open": ("·", "2", "未到期", "open"),
    "due-soon": ("◔", "33", "临近", "due soon"),
    "on-time": ("●", "32", "按时", "on time"),
    "late": ("○", "32", "迟报", "late"),
    "overdue": ("▲", "31;1", "逾期", "overdue"),
    "missed": ("■", "31", "漏报", "missed"),
    "returned": ("◆", "35", "退回", "returned"),
    "exempt": ("–", "90", "免报", "exempt"),
    "untracked": (" ", "90", "不跟踪", "untracked"),
}
SGR = re.compile(r"\x1b\[[0-9;]*m")


def width(text):
    """Columns that @text takes: wide characters two, marks that combine none, colours none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF"
               else 1 for c in SGR.sub("", text))


def cut(text, columns):
    """As much of plain @text as fits, with … where something is missing."""
    if width(text) <= columns:
        return text
    taken, used = [], 1
    for c in text:
        used += width(c)
        if used > columns:
            break
        taken.append(c)
    return "".join(taken) + "…"


def fit(text, columns, right=False):
    """Cut or padded to exactly @columns."""
    text = cut(text, columns) if not SGR.search(text) else text
    blank = " " * max(0, columns - width(text))
    return blank + text if right else text + blank


class Paint:
    """Colours, or none (NO_COLOR, not a terminal)."""

    def __init__(self, on):
        self.on = on

    def __call__(self, text, sgr):
        return f"\x1b[{sgr}m{text}\x1b[0m" if self.on and sgr else text

    def mark(self, standing):
        mark, sgr, _, _ = MARKS[standing]
        return self(mark, sgr)


def colours_wanted(stream):
    return stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def day(when):
    return f"{when:%Y-%m-%d}（周{'一二三四五六日'[when.weekday()]}）"


def bar(share, columns):
    """A bar of @columns, in eighths."""
    eighths = round(max(0, min(1, share)) * columns * 8)
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (" ▏▎▍▌▋▊▉"[rest] if rest else "")).ljust(columns, "░")
