package doctor

import (
	"context"
	"strings"
)

// client is a program that people's own programs are written in or call, and
// how it is made to get a URL and print the answer. Exit code 77 says that it
// cannot, for want of a part.
type client struct {
	id, name string
	tools    []string // executables, the first of which that is there is tried; nil is our own
	every    bool     // each one on the PATH is tried
	args     func(url string) []string
	file     string   // source to run instead, written to a file whose path follows args
	route    []string // the variables that make it take the proxy
	trust    []string // the variables that make it trust, in the order in which they count
	reached  string   // what it says of an answer that it cannot use, which will do
}

const skip = "77"

func clients() []client {
	script := func(before ...string) func(string) []string {
		return func(url string) []string { return append(append([]string{}, before...), url) }
	}
	return []client{
		{id: "client.curl", name: "curl", tools: []string{"curl"}, args: script("-sS", "--max-time", "10"),
			route: []string{"HTTPS_PROXY", "https_proxy", "ALL_PROXY"}, trust: []string{"CURL_CA_BUNDLE", "SSL_CERT_FILE"}},
		{id: "client.wget", name: "wget", tools: []string{"wget"}, args: script("-nv", "-O-", "--tries=1", "--timeout=10"),
			route: []string{"https_proxy"}, trust: []string{"SYSTEM_WGETRC"}},
		{id: "client.git", name: "git", tools: []string{"git"}, args: script("ls-remote"), reached: "not valid: is this a git repository",
			route: []string{"HTTPS_PROXY", "https_proxy", "ALL_PROXY"}, trust: []string{"GIT_SSL_CAINFO"}},
		{id: "client.python-urllib", name: "Python urllib", tools: []string{"python3", "python"}, args: script("-c", pythonUrllib),
			route: []string{"HTTPS_PROXY", "https_proxy"}, trust: []string{"SSL_CERT_FILE"}},
		{id: "client.python-requests", name: "Python requests", tools: []string{"python3", "python"}, args: script("-c", pythonRequests),
			route: []string{"HTTPS_PROXY", "https_proxy", "ALL_PROXY"}, trust: []string{"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}},
		{id: "client.python-httpx", name: "Python httpx", tools: []string{"python3", "python"}, args: script("-c", pythonHTTPX),
			route: []string{"HTTPS_PROXY", "https_proxy", "ALL_PROXY"}, trust: []string{"SSL_CERT_FILE"}},
		{id: "client.node", name: "Node", tools: []string{"node", "nodejs"}, every: true, args: script("-e", nodeFetch),
			route: []string{"NODE_OPTIONS", "NODE_USE_ENV_PROXY", "HTTPS_PROXY"}, trust: []string{"NODE_EXTRA_CA_CERTS"}},
		{id: "client.deno", name: "Deno", tools: []string{"deno"}, args: func(url string) []string {
			return []string{"eval", "console.log(await (await fetch(" + scriptString(url) + ")).text())"}
		}, route: []string{"HTTPS_PROXY", "https_proxy"}, trust: []string{"DENO_CERT", "NODE_EXTRA_CA_CERTS"}},
		{id: "client.bun", name: "Bun", tools: []string{"bun"}, args: func(url string) []string {
			return []string{"-e", "console.log(await (await fetch(" + scriptString(url) + ")).text())"}
		}, route: []string{"HTTPS_PROXY", "https_proxy"}, trust: []string{"NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"}},
		{id: "client.go", name: "Go net/http", args: script(),
			route: []string{"HTTPS_PROXY", "https_proxy"}, trust: []string{"SSL_CERT_FILE"}},
		{id: "client.java", name: "Java", tools: []string{"java"}, args: script("-XX:TieredStopAtLevel=1", "-Xshare:auto"), file: javaSource,
			route: []string{"JAVA_TOOL_OPTIONS"}, trust: []string{"JAVA_TOOL_OPTIONS"}},
		{id: "client.ruby", name: "Ruby", tools: []string{"ruby"}, args: script("-rnet/http", "-e", `print Net::HTTP.get(URI(ARGV[0]))`),
			route: []string{"http_proxy"}, trust: []string{"SSL_CERT_FILE"}},
		{id: "client.php", name: "PHP curl", tools: []string{"php"}, args: script("-r", phpCurl, "--"),
			route: []string{"HTTPS_PROXY", "https_proxy", "ALL_PROXY"}, trust: []string{"PHP_INI_SCAN_DIR"}},
		{id: "client.perl", name: "Perl", tools: []string{"perl"}, args: script("-e", perlGet),
			route: []string{"https_proxy", "HTTPS_PROXY"}, trust: []string{"PERL_LWP_SSL_CA_FILE", "SSL_CERT_FILE"}},
	}
}

func clientChecks() []Check {
	var checks []Check
	for _, c := range clients() {
		checks = append(checks, Check{c.id, "clients", c.name + ", if it is there, comes through InferShield and trusts it",
			func(ctx context.Context, v *visit) []Finding { return c.look(ctx, v) }})
	}
	return checks
}

// scriptString is text as JavaScript writes it; a URL needs no more.
func scriptString(text string) string { return `"` + strings.ReplaceAll(text, `"`, "%22") + `"` }

const (
	pythonUrllib = `import sys, urllib.request
print(urllib.request.urlopen(sys.argv[1], timeout=10).read().decode())`

	pythonRequests = `import sys
try:
    import requests
except ImportError:
    sys.exit(` + skip + `)
print(requests.get(sys.argv[1], timeout=10).text)`

	pythonHTTPX = `import sys
try:
    import httpx
except ImportError:
    sys.exit(` + skip + `)
print(httpx.get(sys.argv[1], timeout=10).text)`

	nodeFetch = `if (typeof fetch !== 'function') process.exit(` + skip + `);
fetch(process.argv[1]).then((r) => r.text()).then((t) => console.log(t), (e) => { console.error(e.cause || e); process.exit(1); });`

	phpCurl = `if (!function_exists('curl_init')) exit(` + skip + `);
$c = curl_init($argv[1]);
curl_setopt($c, CURLOPT_RETURNTRANSFER, true);
curl_setopt($c, CURLOPT_TIMEOUT, 10);
$body = curl_exec($c);
if ($body === false) { fwrite(STDERR, curl_error($c)); exit(1); }
echo $body;`

	perlGet = `use strict;
if (eval { require LWP::UserAgent; require LWP::Protocol::https; 1 }) {
	my $r = LWP::UserAgent->new(env_proxy => 1, timeout => 10)->get($ARGV[0]);
	$r->is_success or die $r->status_line, "\n";
	print $r->decoded_content;
} elsif (eval { require HTTP::Tiny; (HTTP::Tiny->can_ssl)[0] }) {
	my $r = HTTP::Tiny->new(verify_SSL => 1, timeout => 10)->get($ARGV[0]);
	$r->{success} or die "$r->{status} $r->{content}\n";
	print $r->{content};
} else {
	exit ` + skip + `;
}`

	javaSource = `import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

public class Check {
	public static void main(String[] args) throws Exception {
		HttpRequest request = HttpRequest.newBuilder(URI.create(args[0])).build();
		System.out.println(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body());
	}
}
`
)
