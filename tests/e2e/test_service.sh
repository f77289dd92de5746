#!/usr/bin/env bash
# The units under a real systemd: sandbox, socket activation, reload, watchdog, stop and start.
#
# Boots the machine's own systemd as PID 1 of private namespaces over an overlay of the root file
# system, installs duban there, and throws everything away.  Nothing reaches the real machine.
set -eu
skip() {
	echo "skipped: $*"
	exit 77
}

[ "$(id -u)" = 0 ] || skip "needs root to boot a systemd in namespaces"
[ -x /lib/systemd/systemd ] || skip "systemd is not installed"
grep -qw overlay /proc/filesystems || skip "the kernel has no overlayfs"
! grep -q '^DUBAN_SANITIZE:STRING=.' "$BINARY_DIR/CMakeCache.txt" ||
	skip "a sanitizer does not fit into the unit's sandbox"
work=$(mktemp -d)
export work
trap 'rm -rf "$work"' EXIT
unshare --mount --pid --fork --uts --ipc --net --propagation private true 2>"$work/why" ||
	skip "no namespaces here: $(head -n 1 "$work/why")"
DESTDIR=$work/files cmake --install "$BINARY_DIR" --prefix /usr >"$work/install.log" 2>&1 || {
	cat "$work/install.log"
	exit 1
}
cp -r "$SOURCE_DIR/calendars/xinbei-2019" "$work/campaign"
cp "$SOURCE_DIR/tests/peers/smtp_peer.py" "$work/"
! grep -q '^DUBAN_FAILPOINTS:BOOL=ON' "$BINARY_DIR/CMakeCache.txt" || touch "$work/failpoints"

# Runs as root in the new root before the boot.
cat >"$work/setup" <<'SETUP'
set -eu
cp -r /result/files/. /
systemd-sysusers
systemd-tmpfiles --create duban.conf
cp -r /result/campaign /etc/duban/campaigns/xinbei
# What was due in 2019 is nobody's business now: in working hours its reminders would be counted, too.
sed -i '/^track_from:/d' /etc/duban/campaigns/xinbei/campaign.yaml
cat >/etc/duban/duban.yaml <<'YAML'
database: /var/lib/duban/duban.db
campaigns: [/etc/duban/campaigns]
mail: {relay: "smtp://127.0.0.1:2525", from: anweiban@example.org}
redirect: shiyunxing@example.org
YAML
# In nested namespaces PrivateUsers= fails with 217/USER, which says nothing about the unit.  The
# watchdog is made short to be seen in this life.
mkdir -p /etc/systemd/system/duband.service.d
printf '[Service]\nPrivateUsers=no\nWatchdogSec=3s\nRestartSec=100ms\nStandardError=append:/result/log\n' \
	>/etc/systemd/system/duband.service.d/test.conf
SETUP

# Runs as a service once the system is up.
cat >"$work/test" <<'TEST'
fail() {
	echo "FAIL: $*"
	systemctl status duband.service duband.socket --no-pager -l 2>&1 | tail -n 30
	tail -n 30 /result/log
	exit 1
}
# until_true SECONDS COMMAND...: wait for a state, not for a time.
until_true() {
	local left=$(($1 * 10))
	shift
	until "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		[ $left -gt 0 ] || return 1
		sleep 0.1
	done
}
pid_of() {
	systemctl show -P MainPID duband.service
}
# said WORDS: since the last look at the log; what systemd's journal would hold.
said() {
	tail -n +"$((seen + 1))" /result/log | grep -q "$1"
}
look() {
	seen=$(wc -l </result/log)
}
# with LINE...: [Service] lines of one more drop-in, until without.
with() {
	printf '%s\n' '[Service]' "$@" >/etc/systemd/system/duband.service.d/with.conf
	systemctl daemon-reload
}
without() {
	rm /etc/systemd/system/duband.service.d/with.conf
	systemctl daemon-reload
	systemctl reset-failed duband.service 2>/dev/null || true
}
# relay PORT OPTION...: the scripted receiver.
relay() {
	local port=$1
	shift
	python3 /result/smtp_peer.py --port "$port" --ledger /result/ledger --quiet "$@" >/dev/null &
	until_true 10 test -s /result/ledger || until_true 10 sh -c "ss -lnt | grep -q :$port" ||
		fail "no relay"
}
accepted() {
	grep -c '"event": "accepted"' /result/ledger
}
arrived() {
	[ "$(accepted)" = "$1" ]
}
at=$(date -u -d '2 hours ago' +%Y%m%dT%H%M%SZ)
# live N UID...: a campaign of today, N units of which owe these items since two hours ago.
live() {
	local dir=/etc/duban/campaigns/live uid
	mkdir -p "$dir/duty"
	cp /etc/duban/campaigns/xinbei/holidays.ics "$dir/"
	{
		echo unit,name,kind,role,person,email
		echo ban,安委办,office,liaison,办,office@example.org
		seq 1 "$1" | sed 's/.*/u&,单位&,局,liaison,联&,u&@example.org/'
	} >"$dir/units.csv"
	shift
	{
		printf '%s\r\n' BEGIN:VCALENDAR VERSION:2.0 PRODID:-//test//ZH
		for uid; do
			printf '%s\r\n' BEGIN:VEVENT "UID:$uid" DTSTAMP:20190801T000000Z "DTSTART:$at" \
				"SUMMARY:$uid" CATEGORIES:REPORT END:VEVENT
		done
		printf '%s\r\n' END:VCALENDAR
	} >"$dir/campaign.ics"
	printf '%s\n' 'name: 试' 'timezone: UTC' 'locale: zh_CN' 'office: ban' 'track_from: 2000-01-01' \
		'policies:' '  default:' '    steps:' '      - {name: 催办, at: "0", to: [liaison]}' \
		>"$dir/campaign.yaml"
}
leased() {
	[ "$(dubanctl --campaign live deliveries --json | grep -o '"state": *"leased"' | wc -l)" = "$1" ]
}
restarted() {
	[ "$(pid_of)" != "$1" ] && [ "$(pid_of)" != 0 ] && systemctl is-active -q duband.service
}

systemctl start duband.socket || fail "the socket does not start"
[ "$(stat -c '%a %U %G' /run/duban/control.sock)" = '660 duban duban' ] ||
	fail "the socket is $(stat -c '%a %U %G' /run/duban/control.sock)"
dubanctl status >/tmp/out 2>&1 || fail "the socket does not start the service: $(cat /tmp/out)"
systemctl is-active -q duband.service || fail "not active after READY"
[ "$(ps -o user= -p "$(pid_of)")" = duban ] || fail "runs as $(ps -o user= -p "$(pid_of)")"
[ -s /var/lib/duban/duban.db ] || fail "no database in the state directory"

runuser -u nobody -- dubanctl status >/tmp/out 2>&1 && fail "a stranger may look"
runuser -u nobody -g duban -- dubanctl status >/tmp/out 2>&1 ||
	fail "a member of the group may not look: $(cat /tmp/out)"

# READY is said when the database is open and the sockets answer, and not before.
systemctl stop duband.service 2>/dev/null
with "ExecStartPost=/bin/sh -c 'dubanctl status >/run/duban/at-ready && test -s /var/lib/duban/duban.db'"
systemctl start duband.service || fail "not usable when it says READY"
grep -q 百日攻坚 /run/duban/at-ready || fail "no campaign when it says READY"
without
systemctl stop duband.service 2>/dev/null
mv /var/lib/duban/duban.db /var/lib/duban/away
mkdir /var/lib/duban/duban.db
systemctl start duband.service 2>/dev/null && fail "says READY without a database"
systemctl stop duband.service 2>/dev/null
rmdir /var/lib/duban/duban.db
mv /var/lib/duban/away /var/lib/duban/duban.db
systemctl reset-failed duband.service
systemctl start duband.service || fail "does not start with its database back"

systemctl reload duband.service || fail "reload of good files fails"
# A child reads the calendars, within the sandbox: fork, exec, limits and all.
sed -i 's/^SUMMARY:周报/SUMMARY:沙箱里读到的周报/' /etc/duban/campaigns/xinbei/campaign.ics
systemctl reload duband.service || fail "reload of an edited calendar fails"
dubanctl due | grep -q 沙箱里读到的周报 || fail "the sandbox keeps a calendar from being read: $(tail -n 5 /result/log)"
echo 'no_such_key: 1' >>/etc/duban/campaigns/xinbei/campaign.yaml
look
systemctl reload duband.service 2>/dev/null && fail "reload of broken files succeeds"
said 'campaign.yaml:[0-9:]*: error: UNKNOWN_KEY' || fail "a reload that fails does not say where and why"
dubanctl due >/tmp/out 2>&1 || fail "the last good files are not in force: $(cat /tmp/out)"
sed -i '$d' /etc/duban/campaigns/xinbei/campaign.yaml
systemctl reload duband.service || fail "reload of mended files fails"

pid=$(pid_of)
kill -STOP "$pid"
until_true 20 restarted "$pid" || fail "a daemon that hangs is not restarted by the watchdog"
pid=$(pid_of)
kill -KILL "$pid"
until_true 20 restarted "$pid" || fail "a daemon that was killed is not restarted"

# Two mails for a relay that takes its time: a stop waits for them.
relay 2525 --fault at=dot,do=delay,seconds=2
live 2 first@example.org
systemctl restart duband.service || fail "does not restart with one more campaign"
until_true 20 leased 2 || fail "no mail on its way: $(dubanctl --campaign live deliveries)"
systemctl stop duband.service 2>/dev/null || fail "does not stop"
[ "$(systemctl show -P Result duband.service)" = success ] || fail "stopping is no success"
[ "$(accepted)" = 2 ] || fail "a stop cuts off the mails on their way: $(accepted) arrived"
[ -S /run/duban/control.sock ] || fail "stopping took the socket away"
dubanctl --campaign live deliveries --json >/tmp/out 2>&1 ||
	fail "no start through the socket after a stop: $(cat /tmp/out)"
[ "$(grep -o '"state": *"sent"' /tmp/out | wc -l)" = 2 ] || fail "what arrived during a stop is not known"

# The database thread hangs, the loop lives: the watchdog must not be fed.
if [ -e /result/failpoints ]; then
	with Environment=DUBAN_FAIL=leased:1:hang
	systemctl restart duband.service || fail "does not restart"
	pid=$(pid_of)
	live 2 first@example.org second@example.org # it watches its files
	until_true 20 restarted "$pid" || fail "a database that hangs is not noticed by the watchdog"
	[ "$(systemctl show -P NRestarts duband.service)" -ge 1 ] || fail "it was not the watchdog"
	arrived 2 || fail "it did not hang before the mail"
	systemctl kill -s KILL duband.service
	without
	systemctl restart duband.service || fail "does not start again"
	until_true 20 arrived 4 || fail "what was to be sent when it hung is lost"
fi

fails_with() { # STATUS WORDS WHY
	systemctl stop duband.service 2>/dev/null
	systemctl reset-failed duband.service
	look
	systemctl start duband.service 2>/dev/null && fail "starts with $3"
	[ "$(systemctl show -P ExecMainStatus duband.service)" = "$1" ] ||
		fail "$3 ends with $(systemctl show -P ExecMainStatus duband.service), not $1"
	[ "$(systemctl show -P NRestarts duband.service)" -le 2 ] || fail "restarts with $3"
	[ -z "$2" ] || said "$2" || fail "$3 is not told in words"
}
cp /etc/duban/duban.yaml /etc/duban/good.yaml
sed -i 's|^mail: {|&user: a, password_file: /run/credentials/duband.service/smtp.password, |' /etc/duban/duban.yaml
fails_with 78 'duban.yaml:[0-9:]*: error: .*smtp.password' "a password that was not handed over"
with LoadCredential=smtp.password:/etc/duban/no-such-file
fails_with 243 '' "a credential whose file is missing"
echo geheim >/etc/duban/smtp.password
chmod 600 /etc/duban/smtp.password
with LoadCredential=smtp.password:/etc/duban/smtp.password
systemctl start duband.service || fail "does not start with its credential"
[ "$(ps -o user= -p "$(pid_of)")" = duban ] || fail "runs as $(ps -o user= -p "$(pid_of)")"
without
cp /etc/duban/good.yaml /etc/duban/duban.yaml
echo 'no_such_key: 1' >>/etc/duban/duban.yaml
fails_with 78 'duban.yaml:[0-9:]*: error: UNKNOWN_KEY' "a wrong configuration"
echo "service: started, reloaded, hung, killed, drained, stopped, misconfigured"
TEST
chmod +x "$work/setup" "$work/test"
sed -i '1i #!/bin/bash' "$work/setup" "$work/test"

timeout -k 5 120 unshare --mount --pid --fork --uts --ipc --net --propagation private bash -euc '
	o=$work/o
	mkdir "$o"
	mount -t tmpfs tmpfs "$o"
	mkdir "$o"/u "$o"/w "$o"/r
	r=$o/r
	mount -t overlay overlay -o lowerdir=/,upperdir="$o"/u,workdir="$o"/w "$r"
	mount -t proc proc "$r/proc"
	mount -t sysfs sysfs "$r/sys"
	mount -t cgroup2 cgroup2 "$r/sys/fs/cgroup"
	mount -t tmpfs -o mode=755 tmpfs "$r/run"
	mount -t tmpfs -o mode=1777 tmpfs "$r/tmp"
	mount -t tmpfs -o mode=755 tmpfs "$r/dev"
	for d in null zero full random urandom tty; do
		touch "$r/dev/$d"
		mount --bind "/dev/$d" "$r/dev/$d"
	done
	mkdir -p "$r"/dev/shm "$r"/dev/pts
	mount -t devpts -o newinstance,ptmxmode=0666 devpts "$r/dev/pts"
	ln -s pts/ptmx "$r/dev/ptmx"
	ln -s /proc/self/fd "$r/dev/fd"
	mkdir -p "$r/etc/systemd/system"
	find "$r/etc/systemd/system" -path "*.wants/*" -delete
	mkdir "$r/result"
	mount --bind "$work" "$r/result"
	cat >"$r/etc/systemd/system/in-test.service" <<UNIT
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c "/result/test >/result/out 2>&1; echo \$\$? >/result/rc; systemctl --no-block exit 0 2>/dev/null || systemctl --force poweroff"
UNIT
	mkdir -p "$r/etc/systemd/system/multi-user.target.wants"
	ln -s ../in-test.service "$r/etc/systemd/system/multi-user.target.wants/in-test.service"
	chroot "$r" /result/setup
	mount --make-rshared "$r"
	hostname duban-test
	ip link set lo up 2>/dev/null || true
	exec env -i container=duban-test PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$r" \
		/lib/systemd/systemd --system --log-target=null --show-status=false \
		systemd.unit=multi-user.target
' >"$work/boot.log" 2>&1 || true
[ ! -e "$work/out" ] || cat "$work/out"
[ -e "$work/rc" ] || {
	# A machine whose kernel forbids a mount is no fault of the unit.
	if grep -q 'mount: \|unshare: ' "$work/boot.log"; then
		skip "no systemd can be booted here: $(grep -m 1 'mount: \|unshare: ' "$work/boot.log")"
	fi
	echo "no result; the last of the boot:"
	tail -n 10 "$work/boot.log"
	exit 1
}
exit "$(cat "$work/rc")"
