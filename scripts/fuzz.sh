#!/bin/sh
# Runs every fuzz target of every package, one after the other, each for the
# time given. `go test -fuzz` takes one target of one package at a time.
set -eu
fuzztime=${1:-30s}

go list ./... | while read -r package; do
	go test -list '^Fuzz' "$package" | grep '^Fuzz' | while read -r target; do
		printf '%s %s\n' "$package" "$target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$fuzztime" "$package" </dev/null
	done
done
