#!/usr/bin/env bash
# Releases HEAD twice, each from a clone of its own in another folder, with
# another build cache, time zone and umask, and compares the sums of all files.
# TARGETS, the first argument, limits it to some platforms.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
targets=${1:-}
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT

# release NAME TZ UMASK
release() {
	local dir="$work/$1/a folder with $1 words"
	mkdir -p "$dir"
	git clone -q . "$dir"
	(
		umask "$3"
		cd "$dir"
		TZ=$2 GOCACHE="$work/$1/cache" go run ./scripts/release ${targets:+-targets "$targets"}
		cp dist/SHA256SUMS "$work/$1.sums"
	)
}

release one UTC 022
release two Asia/Tokyo 077
if ! diff "$work/one.sums" "$work/two.sums"; then
	echo "error: two releases of one commit differ" >&2
	exit 1
fi
cat "$work/one.sums"
echo "release-check: $(wc -l <"$work/one.sums") files, the same in both releases"
