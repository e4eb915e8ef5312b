#!/bin/sh
# git speaks no LLM's API, but it shows that its TLS gets through and is
# recorded: it asks the provider for a repository, whose name is the prompt, and
# which the provider has not. The other host has one.
ask() {
	answer=$(git -c http.extraHeader="$key" ls-remote "$1" 2>&1 | tr '\n' ' ')
	status=$(printf '%s' "$answer" | sed -n 's/.*returned error: \([0-9]*\).*/\1/p')
	case $answer in
	*"not found"*) status=404 ;;
	*refs/heads*) status=200 ;;
	esac
	printf 'git %s %s %s\n' "$call" "${status:-0}" "$answer"
}

export GIT_TERMINAL_PROMPT=0
words() { printf '%s' "$1" | sed 's/ /%20/g'; }
key="Authorization: Bearer $OPENAI_API_KEY"
call=allowed ask "https://api.openai.com/v1/repositories/$(words "$1")"
call=blocked ask "https://api.openai.com/v1/repositories/$(words "$2")"
key="Accept-Language: en"
call=other ask "${3%/*}/birds.git"
