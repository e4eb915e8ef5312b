#!/bin/sh
# GNU wget: it says "ERROR 403" of a blocked call and writes no body unless told
# to by --content-on-error.
ask() {
	answer=$(wget --no-verbose --tries=1 --content-on-error --server-response --output-document=- "$@" 2>&1 | tr '\n' ' ')
	status=$(printf '%s' "$answer" | sed -n 's/.*  HTTP\/1\.1 \([0-9]*\).*/\1/p')
	printf 'wget %s %s %s\n' "$call" "${status:-0}" "$answer"
}

chat() {
	ask https://api.openai.com/v1/chat/completions --header "Authorization: Bearer $OPENAI_API_KEY" --header 'Content-Type: application/json' \
		--post-data '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"'"$1"'"}]}'
}

call=allowed chat "$1"
call=blocked chat "$2"
call=other ask "$3"
