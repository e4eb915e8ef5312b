#!/bin/sh
# Serves with KEY_MODE=auto, which needs no key to start, unless somebody has
# chosen a mode. The environment beats the files, so setting the variable here
# must not override a choice made in one of them.
set -eu

chosen_in_a_file() {
	grep -Eqs '^[[:space:]]*(export[[:space:]]+)?KEY_MODE[[:space:]]*[=:]' .env ||
		grep -Eqs '^[[:space:]]*"?(key[-_]mode|KEY_MODE)"?[[:space:]]*:' infershield.yaml
}

if [ -z "${KEY_MODE:-}" ] && ! chosen_in_a_file; then
	export KEY_MODE=auto
fi
exec bin/infershield serve "$@"
