package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What stands in the error of a blocked call, whatever the client.
const blockedMessage = "Request blocked by InferShield: "

// debianPython is the one that Debian's modules are for; another one may come
// first on the PATH.
const debianPython = "/usr/bin/python3"

func matrixRows() []matrixRow {
	rows := []matrixRow{
		{name: "curl", needs: needsTool("curl"), version: []string{"curl", "--version"}, command: args("sh", "curl.sh"),
			ways: []clientWay{{name: "curl", raised: blockedMessage}}, by: "`HTTPS_PROXY`, `CURL_CA_BUNDLE`"},
		{name: "wget", needs: needsTool("wget"), version: []string{"wget", "--version"}, command: args("sh", "wget.sh"),
			ways: []clientWay{{name: "wget", raised: "ERROR 403: Forbidden"}}, by: "`https_proxy`, `SYSTEM_WGETRC`"},
		{name: "git", needs: needsTool("git"), version: []string{"git", "--version"}, command: args("sh", "git.sh"),
			ways: []clientWay{{name: "git", raised: "The requested URL returned error: 403", kind: asRepository}}, by: "`HTTPS_PROXY`, `GIT_SSL_CAINFO`"},
		{name: "Go", needs: func(*testing.T) {}, version: []string{"go", "version"}, command: args("goclient"),
			ways: []clientWay{{name: "net/http", raised: blockedMessage}, {name: "openai-go", raised: "*openai.Error", kind: apiOnly}}, by: "`HTTPS_PROXY`, `SSL_CERT_FILE`"},
		python("urllib", "urllib.error.HTTPError", "SSL_CERT_FILE"),
		python("requests", "HTTPError", "REQUESTS_CA_BUNDLE"),
		python("httpx", "HTTPStatusError", "SSL_CERT_FILE"),
		python("aiohttp", "ClientResponseError", "SSL_CERT_FILE"),
	}
	for _, major := range []string{"18", "20", "22", "24"} {
		rows = append(rows, node(major))
	}
	return append(rows, []matrixRow{
		{name: "Deno", needs: needsRuntime("deno"), version: []string{runtimeAt("deno"), "--version"}, command: args(runtimeAt("deno"), "run", "--allow-all", "deno.mjs"),
			ways: []clientWay{{name: "fetch", raised: blockedMessage}, {name: "WebSocket", raised: blockedMessage, kind: overSocket}},
			env:  []string{"DENO_CERT=$ROOT"}, by: "`HTTPS_PROXY`, `DENO_CERT`"},
		{name: "Bun", needs: needsRuntime("bun"), version: []string{runtimeAt("bun"), "--version"}, command: args(runtimeAt("bun"), "bun.mjs"),
			ways: []clientWay{{name: "fetch", raised: blockedMessage}, {name: "openai", raised: "PermissionDeniedError", kind: apiOnly}, {name: "WebSocket", raised: blockedMessage, kind: overSocket}, {name: "ws", raised: blockedMessage, kind: overSocket}},
			by:   "`HTTPS_PROXY`, `SSL_CERT_FILE`, `BUN_OPTIONS`"},
		{name: "Ruby", needs: needsTool("ruby"), version: []string{"ruby", "--version"}, command: args("ruby", "ruby.rb"),
			ways: []clientWay{{name: "Net::HTTP", raised: "Net::HTTPForbidden"}}, by: "`http_proxy`, `SSL_CERT_FILE`"},
		{name: "PHP", needs: needsModule("php-curl"), version: []string{"php", "--version"}, command: args("php", "php.php"),
			ways: []clientWay{{name: "curl", raised: blockedMessage}, {name: "streams", fails: "getaddrinfo"}}, by: "`HTTPS_PROXY`, `PHP_INI_SCAN_DIR`"},
		{name: "Java", needs: needsTool("javac"), version: []string{"java", "--version"}, command: args("java", "Client.java"),
			ways: []clientWay{{name: "HttpClient", raised: blockedMessage}}, by: "`JAVA_TOOL_OPTIONS`"},
		{name: "Perl", needs: needsModule("liblwp-protocol-https-perl"), version: []string{"perl", "-MLWP", "-e", "print LWP->VERSION"}, command: args("perl", "perl.pl"),
			ways: []clientWay{{name: "LWP", raised: "403 Forbidden"}}, by: "`HTTPS_PROXY`, `PERL_LWP_SSL_CA_FILE`"},
		{name: "Chromium", needs: needsChromium, version: []string{"chromium", "--version"}, command: args("sh", "chromium.sh"), setUp: trustInNSS,
			ways: []clientWay{{name: "WebSocket", raised: blockedMessage, kind: overSocket}}, other: matrixOther, by: "`https_proxy`, and `infershield ca install --store nss`"},
		{name: "Codex CLI", needs: needsCodex, version: []string{codexBinary(), "--version"}, command: args(codexBinary()), drive: driveCodex,
			ways: []clientWay{{name: "codex", raised: blockedMessage, kind: overSocket}}, env: []string{"CODEX_API_KEY=" + clientKey}, other: codexHosts[1], by: "`HTTPS_PROXY`, `SSL_CERT_FILE`"},
	}...)
}

func python(module, raised, ca string) matrixRow {
	needs := needsTool(debianPython)
	version := []string{debianPython, "--version"}
	if module != "urllib" {
		needs = needsModule("python3-" + module)
		version = []string{debianPython, "-c", "import " + module + " as m; print(m.__version__)"}
	}
	return matrixRow{
		name: "Python " + module, needs: needs, version: version, command: args(debianPython, "python_"+module+".py"),
		ways: []clientWay{{name: module, raised: raised[strings.LastIndex(raised, ".")+1:]}}, by: "`HTTPS_PROXY`, `" + ca + "`",
	}
}

func node(major string) matrixRow {
	ways := []clientWay{
		{name: "fetch", raised: blockedMessage}, {name: "https", raised: blockedMessage}, {name: "worker", raised: blockedMessage},
		{name: "openai", raised: "PermissionDeniedError", kind: apiOnly}, {name: "ws", raised: blockedMessage, kind: overSocket},
	}
	if major >= "22" {
		ways = append(ways, clientWay{name: "WebSocket", raised: blockedMessage, kind: overSocket})
	}
	binary := runtimeAt("node" + major)
	needs := func(t *testing.T) {
		t.Helper()
		needsRuntime("node" + major)(t)
		needsNPM(t)
	}
	return matrixRow{
		name: "Node " + major, needs: needs, version: []string{binary, "--version"}, command: args(binary, "node.mjs"), ways: ways,
		env: []string{"NODE_EXTRA_CA_CERTS=$ROOT"}, by: "`NODE_OPTIONS`, `NODE_EXTRA_CA_CERTS`",
	}
}

func args(words ...string) []string { return words }

// runtimeAt is where scripts/test-deps.sh has npm install one, in a folder of
// its name.
func runtimeAt(folder string) string {
	name := strings.TrimRight(folder, "0123456789")
	path, err := filepath.Abs(filepath.Join("../../.cache", folder, "node_modules/.bin", name))
	if err != nil {
		return name
	}
	return path
}

func needsRuntime(folder string) func(*testing.T) {
	return func(t *testing.T) {
		t.Helper()
		if _, err := os.Stat(runtimeAt(folder)); err != nil {
			missing(t, folder+" (scripts/test-deps.sh installs it)")
		}
	}
}

// needsModule skips where one of Debian's packages is not installed.
func needsModule(name string) func(*testing.T) {
	return func(t *testing.T) {
		t.Helper()
		needsTool("dpkg-query")(t)
		status, err := exec.CommandContext(t.Context(), "dpkg-query", "-W", "-f", "${db:Status-Status}", name).Output()
		if err != nil || string(status) != "installed" {
			missing(t, "Debian's "+name)
		}
	}
}

var versionNumber = regexp.MustCompile(`\d+\.\d+(\.\d+)*`)

// versionOf is the first version number that a command prints.
func versionOf(t *testing.T, command []string) string {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%s", strings.Join(command, " "), err, output)
	}
	return versionNumber.FindString(string(output))
}

// driveCodex has the Codex CLI take a turn with the prompt and one with the
// attack, which it would try time and again.
func driveCodex(t *testing.T, env matrixEnv, start []string) []string {
	t.Helper()
	settings := filepath.Join(env.home, ".codex")
	if err := os.Mkdir(settings, 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(settings, "config.toml"), []byte(codexConfig))
	start = append(start, codexTurn...)
	var lines []string
	for call, prompt := range map[string]string{"allowed": matrixPrompt, "blocked": matrixAttack} {
		run := takeTurn(t, append(slices.Clip(start), prompt), env.home, env.vars)
		status := 0
		switch {
		case len(run.failed) > 0:
			status = 1008
		case run.exit == nil && run.ended == "turn.completed":
			status = 1000
		}
		lines = append(lines, fmt.Sprintf("codex %s %d %s", call, status, oneLine(strings.Join(append(run.text, run.failed...), " "))))
	}
	return lines
}

func needsChromium(t *testing.T) {
	t.Helper()
	needsTool("chromium")(t)
	needsTool("certutil")(t)
}

// trustInNSS makes Chromium trust our authority and the other host's, which it
// does by its own store alone.
func trustInNSS(t *testing.T, env matrixEnv) {
	t.Helper()
	env.output(t, "infershield", "ca", "install", "--store", "nss")
	store := "sql:" + filepath.Join(env.home, ".pki", "nssdb")
	env.output(t, "certutil", "-A", "-d", store, "-t", "C,,", "-n", "other", "-i", env.root)
}
