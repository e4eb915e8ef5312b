#!/bin/sh
# Fails with the names of the files that gofmt would change.
set -eu

# The pattern leaves out hidden folders: .cache may hold other people's Go.
files=$(gofmt -l ./*.go ./*/)
if [ -n "$files" ]; then
	printf 'not formatted:\n%s\nhint: gofmt -w FILE\n' "$files" >&2
	exit 1
fi
