#!/usr/bin/env bash
# What "cmake --install" puts where, and that the units follow the prefix.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# The build directory's own prefix must not matter: --prefix decides.
for prefix in /usr /opt/duban; do
	DESTDIR=$work/root cmake --install "$BINARY_DIR" --prefix $prefix >"$work/log" 2>&1 || {
		cat "$work/log"
		exit 1
	}
	files='sbin/duband bin/dubanctl lib/systemd/system/duband.service
		lib/systemd/system/duband.socket lib/sysusers.d/duban.conf lib/tmpfiles.d/duban.conf
		share/bash-completion/completions/dubanctl share/doc/duban/README.md
		share/doc/duban/CHANGES.md share/doc/duban/examples/duban.yaml
		share/doc/duban/examples/duband.service.d/credentials.conf
		share/doc/duban/examples/campaigns/xinbei-2019/campaign.yaml'
	if grep -q '^SCDOC:FILEPATH=/' "$BINARY_DIR/CMakeCache.txt"; then
		for dir in man man/zh_CN; do
			files="$files share/$dir/man8/duband.8 share/$dir/man1/dubanctl.1
				share/$dir/man5/duban.yaml.5"
		done
	fi
	for file in $files; do
		[ -s "$work/root$prefix/$file" ] || {
			echo "not installed: $prefix/$file"
			failed=1
		}
	done
	unit=$work/root$prefix/lib/systemd/system/duband.service
	grep -qx "ExecStart=$prefix/sbin/duband -c /etc/duban/duban.yaml" "$unit" || {
		echo "ExecStart does not follow the prefix $prefix: $(grep ExecStart= "$unit")"
		failed=1
	}
	grep -qx "ExecReload=$prefix/bin/dubanctl reload" "$unit" || {
		echo "ExecReload does not follow the prefix $prefix"
		failed=1
	}
done
# Nothing but the two prefixes was written to: /etc is the administrator's.
strangers=$(cd "$work/root" && find . -type f ! -path './usr/*' ! -path './opt/duban/*')
[ -z "$strangers" ] || {
	echo "installed outside of the prefix: $strangers"
	failed=1
}
exit $failed
