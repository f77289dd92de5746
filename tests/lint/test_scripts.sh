#!/usr/bin/env bash
# Every script parses, can be run, and is what continuous integration runs.
set -eu
cd "$SOURCE_DIR"
failed=0
wrong() {
	echo "$*"
	failed=1
}

count=0
for script in scripts/* .ci/run tests/*/test_*.sh; do
	[ -f "$script" ] || continue
	read -r first <"$script" || true
	case $first in
	'#!/usr/bin/env bash' | '# '*)
		bash -n "$script" || wrong "$script does not parse"
		count=$((count + 1))
		;;
	'#!/usr/bin/env python3')
		python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read())' "$script" ||
			wrong "$script does not parse"
		count=$((count + 1))
		;;
	*) wrong "$script: unknown first line: $first" ;;
	esac
	case $script in
	*.py | scripts/lib.sh | scripts/completion.bash | tests/*) ;;
	*) [ -x "$script" ] || wrong "$script is not executable" ;;
	esac
done
[ $count -ge 5 ] || wrong "only $count scripts were seen"
grep -q 'scripts/test' .ci/run || wrong ".ci/run does not run scripts/test"

# The counting itself: three runs whose outcome is known.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/r.xml" <<'XML'
<testsuite>
<testcase name="good" status="run"><system-out>fine</system-out></testcase>
<testcase name="bad" status="fail"><failure message=""/><system-out>no</system-out></testcase>
<testcase name="skipped" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/><system-out>skipped: no moon</system-out></testcase>
<testcase name="absent" status="notrun"><skipped message="Unable to find executable"/></testcase>
</testsuite>
XML
out=$(python3 scripts/count-results --broken 1 one="$work/r.xml") && wrong "failures were not told by the exit status"
[ "$(tail -n 1 <<<"$out")" = '1 passed, 3 failed, 1 skipped' ] || wrong "miscounted: $out"
grep -q 'no moon' <<<"$out" || wrong "the reason for skipping is lost: $out"
out=$(python3 scripts/count-results) && wrong "a run without tests passed"
exit $failed
