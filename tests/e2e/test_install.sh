#!/usr/bin/env bash
# What `cmake --install` lays down, and where: nothing missing, nothing in /etc, the units name
# the programs where they are, the man pages can be read, the examples pass their own check.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
fail() {
	echo "FAIL: $*"
	failed=1
}
if [ ! -x "$BINARY_DIR/duband" ] || [ ! -x "$BINARY_DIR/dubanctl" ]; then
	echo "skipped: duband and dubanctl are not built"
	exit 77
fi

# The man pages are part of `all`; a build of single targets has none yet.
pages=1
if command -v scdoc >/dev/null; then
	cmake --build "$BINARY_DIR" --target man >"$work/log" 2>&1 || {
		cat "$work/log"
		exit 1
	}
else
	pages=0
	echo "note: scdoc is not installed, the man pages are not looked at"
fi

root=$work/root
DESTDIR=$root cmake --install "$BINARY_DIR" --prefix /usr >"$work/log" 2>&1 || {
	cat "$work/log"
	exit 1
}

need() { # MODE PATH
	if [ ! -e "$root$2" ]; then
		fail "$2 is not installed"
	elif [ "$(stat -c %a "$root$2")" != "$1" ]; then
		fail "$2 has mode $(stat -c %a "$root$2"), not $1"
	fi
}

need 755 /usr/sbin/duband
need 755 /usr/bin/dubanctl
need 644 /usr/lib/systemd/system/duband.service
need 644 /usr/lib/systemd/system/duband.socket
need 644 /usr/lib/sysusers.d/duban.conf
need 644 /usr/lib/tmpfiles.d/duban.conf
need 644 /usr/share/bash-completion/completions/dubanctl
need 644 /usr/share/doc/duban/README.md
need 644 /usr/share/doc/duban/CHANGES.md
need 644 /usr/share/doc/duban/docs/campaign-files.md
need 644 /usr/share/doc/duban/docs/findings.md
need 644 /usr/share/doc/duban/examples/duban.yaml
for file in campaign.yaml campaign.ics holidays.ics units.csv duty/guoqing.ics; do
	need 644 "/usr/share/doc/duban/examples/campaigns/xinbei-2019/$file"
done
if [ $pages = 1 ]; then
	for page in man8/duband.8 man1/dubanctl.1 man5/duban.yaml.5; do
		need 644 "/usr/share/man/$page"
		need 644 "/usr/share/man/zh_CN/$page"
	done
	for page in "$root"/usr/share/man/man?/* "$root"/usr/share/man/zh_CN/man?/*; do
		grep -q '^\.TH' "$page" || fail "${page#"$root"} is no man page"
	done
fi
for dir in /etc /var /run; do
	[ ! -e "$root$dir" ] || fail "something is installed below $dir"
done
if find "$root" -type f \( -name '*.a' -o -name '*.h' -o -name '*.py' \) | grep .; then
	fail "files of the build or the tests are installed"
fi

# The installed programs run, and the units name them.
"$root/usr/bin/dubanctl" --version | grep -q '^dubanctl ' || fail "dubanctl does not run"
"$root/usr/sbin/duband" --version | grep -q '^duband ' || fail "duband does not run"
unit=$root/usr/lib/systemd/system/duband.service
grep -q '^ExecStart=/usr/sbin/duband ' "$unit" || fail "the unit does not start /usr/sbin/duband"
grep -q '^ExecReload=/usr/bin/dubanctl reload' "$unit" || fail "the unit does not reload by dubanctl"
"$root/usr/bin/dubanctl" check "$root/usr/share/doc/duban/examples/campaigns/xinbei-2019" \
	>"$work/log" 2>&1 || {
	cat "$work/log"
	fail "the installed sample has errors"
}

# The example settings are right as they are, but for where things lie.
sed -e "s|/var/lib/duban|$work|; s|/run/duban|$work|; s|/etc/duban/campaigns|$root/usr/share/doc/duban/examples/campaigns|" \
	"$root/usr/share/doc/duban/examples/duban.yaml" >"$work/duban.yaml"
"$root/usr/sbin/duband" --check-config -c "$work/duban.yaml" >"$work/log" 2>&1 || {
	cat "$work/log"
	fail "the example settings have errors"
}

# Another prefix: the units follow.
DESTDIR=$work/other cmake --install "$BINARY_DIR" --prefix /opt/duban >"$work/log" 2>&1 ||
	fail "cannot be installed below another prefix"
grep -q '^ExecStart=/opt/duban/sbin/duband ' "$work/other/opt/duban/lib/systemd/system/duband.service" ||
	fail "the unit of another prefix starts something else"

[ $failed = 0 ] || exit 1
echo "install: $(find "$root" -type f | wc -l) files, all where they belong"
