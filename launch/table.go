package launch

import (
	"net/url"
	"os"
	"strings"
)

// Kind says how a variable works, and so what it is given.
type Kind string

// The kinds of variables.
const (
	KindProxy    Kind = "proxy"    // the address of the proxy
	KindBypass   Kind = "bypass"   // hosts that do not go through it; the user's stay, but for intercepted ones
	KindReplaces Kind = "replaces" // certificates in place of the system's: a file with the system's, the user's and ours
	KindAdds     Kind = "adds"     // certificates beside the system's: a file with ours, and what the user had there
	KindSwitch   Kind = "switch"   // turns on what the program can do by itself
	KindOptions  Kind = "options"  // command-line options, which are appended to the user's
	KindFolder   Kind = "folder"   // a list of folders or a file of settings, to which ours is added
)

// Variable is one row of the table of what is set.
type Variable struct {
	Name    string
	Kind    Kind
	Clients string // who reads it
	value   func(v values, old string) string
}

// values is what the values of variables are made from.
type values struct {
	Settings
	was    map[string]string // the user's own environment
	bypass []string          // of NO_PROXY
}

// Variables returns the table, in the order in which it is printed. A variable
// is left out of a plan where its value would be empty.
func Variables() []Variable {
	proxy := func(v values, _ string) string { return v.Proxy }
	bypass := func(v values, _ string) string { return strings.Join(v.bypass, ",") }
	bundle := func(v values, _ string) string { return v.Files.Bundle }
	added := func(v values, _ string) string { return v.Files.Added }
	return []Variable{
		{"HTTPS_PROXY", KindProxy, "nearly all", proxy},
		{"https_proxy", KindProxy, "wget", proxy},
		{"HTTP_PROXY", KindProxy, "nearly all, for plain HTTP", proxy},
		{"http_proxy", KindProxy, "curl, Ruby, wget; Ruby takes it for HTTPS too", proxy},
		{"ALL_PROXY", KindProxy, "curl, Python, Rust", proxy},
		{"all_proxy", KindProxy, "curl, Python, Rust", proxy},
		{"NO_PROXY", KindBypass, "nearly all", bypass},
		{"no_proxy", KindBypass, "wget, Ruby", bypass},

		{"SSL_CERT_FILE", KindReplaces, "OpenSSL: Python, Ruby, curl, httpx, openai-python; Go; Bun; Codex", bundle},
		{"CURL_CA_BUNDLE", KindReplaces, "curl, Python requests", bundle},
		{"REQUESTS_CA_BUNDLE", KindReplaces, "Python requests", bundle},
		{"PIP_CERT", KindReplaces, "pip", bundle},
		{"HTTPLIB2_CA_CERTS", KindReplaces, "Python httplib2", bundle},
		{"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", KindReplaces, "gRPC in C++, Python, Ruby, PHP", bundle},
		{"GIT_SSL_CAINFO", KindReplaces, "git", bundle},
		{"CARGO_HTTP_CAINFO", KindReplaces, "cargo", bundle},
		{"AWS_CA_BUNDLE", KindReplaces, "AWS CLI and SDKs", bundle},
		{"CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE", KindReplaces, "gcloud", bundle},
		{"PERL_LWP_SSL_CA_FILE", KindReplaces, "Perl LWP", bundle},
		{"BUNDLE_SSL_CA_CERT", KindReplaces, "Ruby's bundler", bundle},
		{"NIX_SSL_CERT_FILE", KindReplaces, "programs built by Nix", bundle},
		{"CODEX_CA_CERTIFICATE", KindReplaces, "Codex", bundle},

		{"NODE_EXTRA_CA_CERTS", KindAdds, "Node, Bun, Deno, npm", added},
		{"DENO_CERT", KindAdds, "Deno", added},
		{"DENO_TLS_CA_STORE", KindSwitch, "Deno: trust what this machine trusts as well", func(_ values, old string) string {
			if old != "" {
				return old
			}
			return "mozilla,system"
		}},
		{"NODE_USE_ENV_PROXY", KindSwitch, "Node 24 and later: take the proxy variables", func(values, string) string { return "1" }},

		{"NODE_OPTIONS", KindOptions, "Node: fetch, https and WebSockets through the proxy", nodeOptions},
		{"BUN_OPTIONS", KindOptions, "Bun: WebSockets through the proxy", bunOptions},
		{"JAVA_TOOL_OPTIONS", KindOptions, "Java: proxy and trust store", javaOptions},
		{"PHP_INI_SCAN_DIR", KindFolder, "PHP: certificates of curl and of streams", phpFolders},
		{"SYSTEM_WGETRC", KindFolder, "wget: certificates", func(v values, _ string) string { return v.Files.Wgetrc }},
	}
}

// nodeOptions loads the preload before the program.
func nodeOptions(v values, old string) string {
	if v.Files.Preload == "" {
		return old
	}
	return appendOption(old, "--require "+quoteNode(v.Files.Preload))
}

// quoteNode makes a path one option: Node splits at spaces, save in double
// quotes, in which a backslash escapes.
func quoteNode(path string) string {
	if !strings.ContainsAny(path, ` "`) {
		return path
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(path) + `"`
}

// bunOptions loads Bun's preload before the program. Bun splits at spaces, save
// in double quotes around a whole option; there is no way to escape one.
func bunOptions(v values, old string) string {
	option := "--preload=" + v.Files.PreloadBun
	switch {
	case v.Files.PreloadBun == "" || strings.Contains(option, `"`):
		return old
	case strings.Contains(option, " "):
		option = `"` + option + `"`
	}
	return appendOption(old, option)
}

// javaOptions sets Java's system properties, where a later one wins.
func javaOptions(v values, old string) string {
	proxy, err := url.Parse(v.Proxy)
	if err != nil || proxy.Hostname() == "" || proxy.Port() == "" {
		return old
	}
	host, port := proxy.Hostname(), proxy.Port() // Java wants no brackets around IPv6
	options := []string{
		"-Dhttp.proxyHost=" + host, "-Dhttp.proxyPort=" + port,
		"-Dhttps.proxyHost=" + host, "-Dhttps.proxyPort=" + port,
		quoteJava("-Dhttp.nonProxyHosts=" + javaBypass(v.bypass)),
	}
	if v.Files.TrustStore != "" {
		options = append(options,
			quoteJava("-Djavax.net.ssl.trustStore="+v.Files.TrustStore),
			"-Djavax.net.ssl.trustStoreType=PKCS12",
			quoteJava("-Djavax.net.ssl.trustStorePassword="+v.Files.TrustStorePassword))
	}
	return appendOption(old, strings.Join(options, " "))
}

// quoteJava makes a text one option: the JVM splits at white space, save in
// single or double quotes, which cannot be escaped.
func quoteJava(option string) string {
	if !strings.ContainsAny(option, " \t\n\v\f\r'\"") {
		return option
	}
	var b strings.Builder
	for i, part := range strings.Split(option, `"`) {
		if i > 0 {
			b.WriteString(`'"'`)
		}
		if part != "" {
			b.WriteString(`"` + part + `"`)
		}
	}
	return b.String()
}

// javaBypass is NO_PROXY in Java's words: "|" between, "*" for any text.
func javaBypass(entries []string) string {
	var hosts []string
	for _, e := range entries {
		host, _ := splitEntry(e)
		switch {
		case strings.Contains(host, "/"):
			// Java knows no ranges of addresses.
		case strings.Contains(host, ":"):
			hosts = append(hosts, "["+host+"]")
		case host == "127.0.0.1":
			hosts = append(hosts, "127.*")
		case strings.HasPrefix(host, "*"), host == "localhost", isAddress(host):
			hosts = append(hosts, host)
		case strings.HasPrefix(host, "."):
			hosts = append(hosts, "*"+host)
		default:
			hosts = append(hosts, host, "*."+host)
		}
	}
	return strings.Join(hosts, "|")
}

// phpFolders adds our folder; the empty one is what PHP was built with.
func phpFolders(v values, old string) string {
	if v.Files.PHPDir == "" {
		return old
	}
	return old + string(os.PathListSeparator) + v.Files.PHPDir
}

func appendOption(old, option string) string {
	if old == "" {
		return option
	}
	return old + " " + option
}
