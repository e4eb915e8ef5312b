#!/bin/sh
# curl, as a shell script uses it: a POST, and a GET.
ask() {
	curl --silent --show-error --write-out '\n%{http_code}\n' "$@" 2>&1 | awk -v call="$call" '
		{ lines[NR] = $0 }
		END {
			printf "curl %s %s ", call, lines[NR] + 0
			for (i = 1; i < NR; i++) printf "%s ", lines[i]
			print ""
		}'
}

chat() {
	ask https://api.openai.com/v1/chat/completions -H "Authorization: Bearer $OPENAI_API_KEY" -H 'Content-Type: application/json' \
		--data-binary '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"'"$1"'"}]}'
}

call=allowed chat "$1"
call=blocked chat "$2"
call=other ask "$3"
