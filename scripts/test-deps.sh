#!/usr/bin/env bash
# Brings what the tests need beyond Go: real clients to drive (those of
# docs/clients.md: Debian's, and from npm the SDKs, the Codex CLI, Node in each
# version that is in use, Deno and Bun), openssl, and a C compiler for the race
# detector. Quick and silent when all is there. As root on Debian it
# installs what is missing; as anybody else it says what is missing, and the
# tests that need it are skipped by name. Where CI is set a missing tool is a
# failure.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Exact versions, the newest that run on Node 18 and 20. Each folder has a stamp
# that names what is in it, so that changing one reinstalls that folder alone:
# the Codex CLI is 404 MB.
npm_packages=(openai@6.49.0 undici@6.29.1 ws@8.23.0 https-proxy-agent@7.0.6 axe-core@4.14.1)
npm_folder=.cache/npm
codex_packages=(@openai/codex@0.169.0)
codex_folder=.cache/codex
runtimes=(node@18.20.8 node@20.20.2 node@22.23.3 node@24.21.0 deno@2.9.6 bun@1.4.5)

# Each tool and the Debian package that holds it.
tools=(
	curl:curl python3:python3 node:nodejs npm:npm openssl:openssl gcc:gcc
	wget:wget git:git ruby:ruby php:php-cli javac:default-jdk-headless perl:perl
	chromium:chromium certutil:libnss3-tools gnutls-cli:gnutls-bin rsyslogd:rsyslog promtool:prometheus
	mandoc:mandoc systemd-analyze:systemd
)
# A Docker daemon is not put on anybody's machine unasked; without it the test of
# the image is skipped.
if [[ -n ${CI:-} ]]; then
	tools+=(dockerd:docker.io docker:docker.io docker-compose:docker-compose busybox:busybox-static unshare:util-linux ip:iproute2)
fi
# What is no tool on everybody's path: Debian's name, of modules for its own
# Python, PHP and Perl, and of the PostgreSQL that tests start for themselves.
modules=(postgresql python3-requests python3-httpx python3-aiohttp php-curl libwww-perl liblwp-protocol-https-perl)

missing() {
	local tool
	for tool in "${tools[@]}"; do
		command -v "${tool%%:*}" >/dev/null || echo "$tool"
	done
	command -v dpkg-query >/dev/null || return 0
	local installed module
	installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${modules[@]}" 2>/dev/null || true)
	for module in "${modules[@]}"; do
		[[ $'\n'$installed$'\n' == *$'\n'"installed $module"$'\n'* ]] || echo "$module:$module"
	done
}

install_tools() {
	local wanted=("${@#*:}")
	case " ${wanted[*]} " in *" gcc "*) wanted+=(libc6-dev) ;; esac
	# Debian would make a database and run it; the tests want the programs alone.
	local clusters=/etc/postgresql-common/createcluster.conf
	if [[ " ${wanted[*]} " == *" postgresql "* && ! -e $clusters ]]; then
		mkdir -p "${clusters%/*}"
		echo 'create_main_cluster = false' >"$clusters"
	fi
	echo "test-deps: installing ${wanted[*]}"
	apt-get -o DPkg::Lock::Timeout=300 -qq update
	DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq -o Dpkg::Options::=--force-confold install -y --no-install-recommends "${wanted[@]}" >/dev/null
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
	for runtime in "${runtimes[@]}"; do
		name=${runtime%%.*} # node@18 of node@18.20.8
		name=${name/#deno@*/deno}
		name=${name/#bun@*/bun}
		install_npm ".cache/${name/@/}" "$runtime" || give_up "npm could not install $runtime"
	done
fi
