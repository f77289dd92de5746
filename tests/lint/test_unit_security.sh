#!/usr/bin/env bash
# The shipped unit's exposure, as systemd judges it, stays at 1.2 or better; and the units are valid.
set -eu
command -v systemd-analyze >/dev/null || {
	echo "skipped: systemd-analyze is not installed"
	exit 77
}
units=$SOURCE_DIR/systemd
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# --threshold is in tenths.  The table is of use only when the bar is missed.
if ! systemd-analyze security --offline=true --threshold=12 --no-pager "$units/duband.service" \
	>"$work/table" 2>&1; then
	grep -v '✓' "$work/table" || cat "$work/table"
	echo "exposure is above 1.2"
	exit 1
fi
tail -n 1 "$work/table"
grep -q 'exposure level for duband.service: [01]\.' "$work/table"

# With the drop-in for a daemon that talks to this machine only.
mkdir "$work/loopback"
cat "$units/duband.service" "$units/loopback.conf" >"$work/loopback/duband.service"
systemd-analyze security --offline=true --threshold=9 --no-pager "$work/loopback/duband.service" \
	>"$work/table" 2>&1 || {
	grep -v '✓' "$work/table"
	echo "exposure with loopback.conf is above 0.9"
	exit 1
}
tail -n 1 "$work/table"

# The same unit without its capability line must miss the bar: else this test judges nothing.
sed '/^CapabilityBoundingSet=/d; /^SystemCallFilter=/d' "$units/duband.service" >"$work/duband.service"
if systemd-analyze security --offline=true --threshold=12 --no-pager "$work/duband.service" \
	>/dev/null 2>&1; then
	echo "a weakened unit passes too: the threshold is not looked at"
	exit 1
fi

# What systemd itself finds wrong with the files; programs and man pages are not installed here.
systemd-analyze verify --man=no "$units/duband.service" "$units/duband.socket" 2>&1 |
	grep -E '^(/.*/)?duband?\.(service|socket)|/systemd/duband\.' |
	grep -v 'is not executable: No such file or directory' >"$work/wrong" || true
if [ -s "$work/wrong" ]; then
	cat "$work/wrong"
	exit 1
fi
