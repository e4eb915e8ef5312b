#!/usr/bin/env bash
# Brings what the tests need beyond Go: real clients to drive (curl, python3,
# Node with the SDKs and the Codex CLI below), openssl, and a C compiler for the
# race detector. Quick and silent when all is there. As root on Debian it
# installs what is missing; as anybody else it says what is missing, and the
# tests that need it are skipped by name. Where CI is set a missing tool is a
# failure.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Exact versions, the newest that run on Node 18 and 20. Each folder has a stamp
# that names what is in it, so that changing one reinstalls that folder alone:
# the Codex CLI is 404 MB.
npm_packages=(openai@6.49.0 undici@6.29.1 ws@8.23.0 https-proxy-agent@7.0.6)
npm_folder=.cache/npm
codex_packages=(@openai/codex@0.169.0)
codex_folder=.cache/codex

# Each tool and the Debian package that holds it.
tools=(curl:curl python3:python3 node:nodejs npm:npm openssl:openssl gcc:gcc)

missing() {
	local tool
	for tool in "${tools[@]}"; do
		command -v "${tool%%:*}" >/dev/null || echo "$tool"
	done
}

install_tools() {
	local wanted=("${@#*:}")
	case " ${wanted[*]} " in *" gcc "*) wanted+=(libc6-dev) ;; esac
	echo "test-deps: installing ${wanted[*]}"
	apt-get -o DPkg::Lock::Timeout=300 -qq update
	DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq install -y --no-install-recommends "${wanted[@]}" >/dev/null
}

# install_npm FOLDER PACKAGE... makes FOLDER hold the packages and nothing else.
install_npm() {
	local folder=$1 stamp="$1/stamp"
	shift
	[[ -f $stamp && $(<"$stamp") == "$*" ]] && return
	echo "test-deps: installing $* into $folder"
	rm -rf "$folder"
	mkdir -p "$folder"
	echo '{"private": true}' >"$folder/package.json"
	npm install --prefix "$folder" --save-exact --no-audit --no-fund --loglevel error "$@" >/dev/null || return
	echo "$*" >"$stamp"
}

give_up() {
	echo "test-deps: $1" >&2
	if [[ -n ${CI:-} ]]; then
		exit 1
	fi
	echo "test-deps: the tests that need it are skipped" >&2
}

absent=$(missing)
if [[ -n $absent && $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
	# shellcheck disable=SC2086 # one word a tool
	install_tools $absent || true
	absent=$(missing)
fi
for tool in $absent; do
	give_up "${tool%%:*} is missing; on Debian: sudo apt-get install ${tool#*:}"
done
if command -v npm >/dev/null; then
	install_npm "$npm_folder" "${npm_packages[@]}" || give_up "npm could not install ${npm_packages[*]}"
	install_npm "$codex_folder" "${codex_packages[@]}" || give_up "npm could not install ${codex_packages[*]}"
fi
