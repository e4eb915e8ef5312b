package export_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/infershield/infershield/audit"
	"github.com/infershield/infershield/export"
)

// freePort is a port that nobody listens on now.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// rsyslog runs Debian's rsyslogd with one port for TCP and UDP and a socket,
// and returns the file it writes: the parts it took a message apart into, one
// JSON object a line.
func rsyslog(t *testing.T, port int) (file, socket string) {
	t.Helper()
	if _, err := exec.LookPath("rsyslogd"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("rsyslogd is missing; scripts/test-deps.sh installs it")
		}
		t.Skip("rsyslogd is missing; on Debian: sudo apt-get install rsyslog")
	}
	dir := t.TempDir()
	file, socket = filepath.Join(dir, "out"), filepath.Join(dir, "s")
	conf := filepath.Join(dir, "rsyslog.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, `
global(workDirectory=%[1]q maxMessageSize="64k")
module(load="imtcp") module(load="imudp") module(load="imuxsock" SysSock.Use="off")
template(name="t" type="list" option.jsonf="on") {
  property(outname="pri" name="pri" format="jsonf") property(outname="app" name="app-name" format="jsonf")
  property(outname="msgid" name="msgid" format="jsonf") property(outname="host" name="hostname" format="jsonf")
  property(outname="version" name="protocol-version" format="jsonf") property(outname="msg" name="msg" format="jsonf")
}
input(type="imtcp" port="%[2]d" address="127.0.0.1" ruleset="r")
input(type="imudp" port="%[2]d" address="127.0.0.1" ruleset="r")
input(type="imuxsock" Socket=%[3]q UseSpecialParser="off" ruleset="r" RateLimit.Interval="0")
ruleset(name="r") { action(type="omfile" file=%[4]q template="t") }
`, dir, port, socket, file), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("rsyslogd", "-n", "-f", conf, "-i", filepath.Join(dir, "pid"))
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it ignores interrupts
		_ = cmd.Wait()
	})
	await(t, "rsyslogd listens", func() bool {
		c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			c.Close()
		}
		_, errSocket := os.Stat(socket)
		return err == nil && errSocket == nil
	})
	return file, socket
}

// TestRsyslog sends the same by every way and format to a real receiver, which
// must take all apart as RFC 5424 says.
func TestRsyslog(t *testing.T) {
	port := freePort(t)
	file, socket := rsyslog(t, port)
	seen := 0
	for _, url := range []string{fmt.Sprintf("tcp://127.0.0.1:%d", port), fmt.Sprintf("udp://127.0.0.1:%d", port), "unix://" + socket} {
		for _, format := range []string{"json", "cef", "ocsf"} {
			n := 120
			if strings.HasPrefix(url, "udp:") {
				n = 30 // a burst that overflows the receiver's buffer is lost, and nobody is told
			}
			e := newExporter(t, export.Config{Syslog: &export.Syslog{URL: url, Format: format, Host: "gate way"}})
			for i := range n {
				e.Record(record(i))
			}
			e.Raise(export.Alert{ID: "a1", Rule: "risk", Severity: "critical", Message: "look", Time: record(0).Time})
			if err := e.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			var lines []string
			await(t, "rsyslogd has written all", func() bool {
				b, _ := os.ReadFile(file)
				lines = strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
				return len(lines) >= seen+n+1
			})
			checkSyslog(t, url+" "+format, format, lines[seen:], n)
			seen = len(lines)
		}
	}
}

func checkSyslog(t *testing.T, name, format string, lines []string, n int) {
	t.Helper()
	if len(lines) != n+1 {
		t.Fatalf("%s: got %d lines; want %d", name, len(lines), n+1)
	}
	for i, line := range lines {
		var m struct{ Pri, App, MsgID, Host, Version, Msg string }
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%s: %v in %s", name, err, line)
		}
		pri, kind := "110", "exchange" // log audit, informational
		if i%3 == 0 {
			pri = "106"
		}
		if i == n {
			pri, kind = "106", "alert"
		}
		if m.Pri != pri || m.App != "infershield" || m.MsgID != kind || m.Version != "1" || m.Host != "gateway" {
			t.Fatalf("%s: header %+v; want pri %s, %s", name, m, pri, kind)
		}
		if i < n {
			checkMessage(t, name, format, strings.TrimPrefix(m.Msg, " "), i)
		}
	}
}

func checkMessage(t *testing.T, name, format, msg string, i int) {
	t.Helper()
	want := record(i)
	switch format {
	case "json":
		var got audit.Record
		if err := json.Unmarshal([]byte(msg), &got); err != nil || got.ID != want.ID || got.PromptExcerpt != want.PromptExcerpt {
			t.Fatalf("%s: %v in %s", name, err, msg)
		}
	case "ocsf":
		var got struct{ Unmapped audit.Record }
		if err := json.Unmarshal([]byte(msg), &got); err != nil || got.Unmapped.ID != want.ID {
			t.Fatalf("%s: %v in %s", name, err, msg)
		}
	case "cef":
		got := cefFields(t, msg)
		if got["externalId"] != want.ID || got["suser"] != want.Agent || got["cn1"] != strconv.Itoa(want.Risk) || got["cn1Label"] != "risk" {
			t.Fatalf("%s: got %v", name, got)
		}
	}
}

// cefFields takes the extension apart as receivers do: a key is a word before
// an unescaped "=".
func cefFields(t *testing.T, msg string) map[string]string {
	t.Helper()
	parts := regexp.MustCompile(`^CEF:0\|InferShield\|InferShield\|1\.2\.3\|((?:\\.|[^|\\])*)\|((?:\\.|[^|\\])*)\|(\d+)\|(.*)$`).FindStringSubmatch(msg)
	if parts == nil {
		t.Fatalf("no CEF: %s", msg)
	}
	fields := map[string]string{}
	key := regexp.MustCompile(`(?:^| )([A-Za-z0-9]+)=`)
	places := key.FindAllStringSubmatchIndex(parts[4], -1)
	for i, p := range places {
		end := len(parts[4])
		if i+1 < len(places) {
			end = places[i+1][0]
		}
		fields[parts[4][p[2]:p[3]]] = strings.NewReplacer(`\\`, `\`, `\=`, `=`, `\n`, "\n").Replace(parts[4][p[1]:end])
	}
	return fields
}

// TestSyslogOverTLS reads RFC 5425's counted frames, and sees that a receiver
// that closes is connected to anew.
func TestSyslogOverTLS(t *testing.T) {
	server := httptest.NewTLSServer(nil) // for its certificate
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: server.TLS.Certificates})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got := make(chan string)
	go acceptFrames(l, got)
	e := newExporter(t, export.Config{Syslog: &export.Syslog{URL: "tls://" + l.Addr().String(), Roots: roots}})
	for i := range 3 {
		e.Record(record(i))
		if m := <-got; !strings.HasPrefix(m, "<1") || !strings.Contains(m, record(i).ID) {
			t.Errorf("message %d: %s", i, m)
		}
	}
	if err := e.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// acceptFrames hands out messages, and closes each connection after one.
func acceptFrames(l net.Listener, got chan<- string) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		r := bufio.NewReader(c)
		if length, err := r.ReadString(' '); err == nil {
			n, _ := strconv.Atoi(strings.TrimSuffix(length, " "))
			b := make([]byte, n)
			if _, err := io.ReadFull(r, b); err == nil {
				got <- string(b)
			}
		}
		c.Close()
	}
}
