# lib.sh - what the scripts share: where the tree is, saying things, installing what is missing.
#
# Sourced, never run.  It changes nothing but what it says: packages are installed only when
# they are absent, nothing is ever removed for them, and no service of the machine is started
# on purpose.

set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
build=${DUBAN_BUILD:-$top/build}

# What the programs need to be built.
packages_build=(build-essential cmake ninja-build pkg-config libglib2.0-dev libuv1-dev libical-dev
	libcurl4-openssl-dev libsqlite3-dev libmicrohttpd-dev libgmime-3.0-dev libjansson-dev
	libsodium-dev libsystemd-dev libxml2-dev libzip-dev libyaml-dev libcctz-dev
	tzdata python3 scdoc)
# What the tests need on top.
packages_test=(libcmocka-dev clang git procps python3-dateutil)
# Tests that want one of these skip, and say so, where it cannot be had.
packages_wanted=(libclang-rt-14-dev clang-format clang-tidy strace systemd postfix openssl khal
	python3-icalendar python3-openpyxl faketime radicale vdirsyncer)

say() {
	printf '== %s\n' "$*"
}

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		env "$@"
	elif command -v sudo >/dev/null; then
		sudo env "$@"
	else
		die "needs root (or sudo) for: $*"
	fi
}

# missing PACKAGE...: those that are not installed.
missing() {
	local package
	for package; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
			printf '%s\n' "$package"
	done
}

apt_install() {
	# --no-remove: another mail server, say, is never thrown out for ours.
	as_root DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
		-o Dpkg::Use-Pty=0 install --no-install-recommends --no-remove "$@"
}

apt_lists_fetched=
apt_update() {
	[ -z "$apt_lists_fetched" ] || return 0
	say "fetching the package lists"
	# An archive of somebody else's that is out of order need not stop us.
	as_root DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 update ||
		say "some package lists could not be fetched: going on with those that could"
	apt_lists_fetched=yes
}

# candidates PACKAGE...: those that apt could install with the lists it has.
candidates() {
	local package
	for package; do
		if apt-cache policy "$package" 2>/dev/null | grep -q '^  Candidate: [^(]'; then
			printf '%s\n' "$package"
		fi
	done
}

# need PACKAGE...: install what is missing of them; an error if that fails.
need() {
	local absent
	mapfile -t absent < <(missing "$@")
	[ ${#absent[@]} -gt 0 ] || return 0
	if ! command -v apt-get >/dev/null; then
		say "no apt-get here: cmake will say what is missing"
		return 0
	fi
	say "installing ${#absent[@]} packages: ${absent[*]}"
	if [ "$(candidates "${absent[@]}" | wc -l)" != ${#absent[@]} ]; then
		apt_update
	fi
	# Lists that are there may be too old to be of use: once more with new ones.
	apt_install "${absent[@]}" || {
		apt_update
		apt_install "${absent[@]}"
	}
}

# want PACKAGE...: install those that can be had, say what cannot; never an error.
want() {
	local absent package
	mapfile -t absent < <(missing "$@")
	[ ${#absent[@]} -gt 0 ] || return 0
	command -v apt-get >/dev/null || return 0
	for package in "${absent[@]}"; do
		say "installing $package (wanted by some tests)"
		if [ "$package" = postfix ]; then
			# The tests run it from a configuration of their own on a loopback
			# port; without this answer the machine would become a mail host.
			as_root debconf-set-selections \
				<<<'postfix postfix/main_mailer_type select No configuration' || true
		fi
		if [ "$package" = radicale ] && [ ! -e /etc/systemd/system/radicale.service ]; then
			# The tests run one of their own: the machine need not become a calendar server.
			as_root mkdir -p /etc/systemd/system
			as_root ln -s /dev/null /etc/systemd/system/radicale.service || true
		fi
		if [ -z "$(candidates "$package")" ]; then
			apt_update || true
		fi
		apt_install "$package" || say "$package cannot be installed: its tests will be skipped"
	done
}

# configure PRESET [OPTION...]: configure the preset's build directory, anew if it was made
# for another tree (a moved or copied clone).
configure() {
	local preset=$1 dir=$build/$1 fresh=()
	shift
	if [ -f "$dir/CMakeCache.txt" ] &&
		! grep -qx "CMAKE_HOME_DIRECTORY:INTERNAL=$top" "$dir/CMakeCache.txt"; then
		say "$dir was made for another tree: configuring anew"
		fresh=(--fresh)
	fi
	(cd "$top" && cmake --preset "$preset" -B "$dir" "${fresh[@]}" "$@")
}
