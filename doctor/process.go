package doctor

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// process is a program that runs.
type process struct {
	pid  int // zero where it is not known
	name string
}

// restart is the command that ends the running InferShield and starts it anew,
// as it was started.
func (v *visit) restart() string {
	p := v.proxy()
	pid := p.hello.PID // its own word, where it could give it
	if pid == 0 {
		who := ownerOf(p.addr)
		switch {
		case who.name == "systemd" && who.pid == 1: // it holds the socket of a service
			return "sudo systemctl restart infershield.service"
		case who.name == "systemd":
			return "systemctl --user restart infershield.service"
		case strings.HasPrefix(who.name, "infershield"):
			pid = who.pid
		}
	}
	switch unit := unitOf(pid); {
	case strings.HasPrefix(unit, "user "):
		return "systemctl --user restart " + strings.TrimPrefix(unit, "user ")
	case unit != "":
		return "sudo systemctl restart " + unit
	case pid == 1: // of a container
		host, _ := os.Hostname() // which is the container's, unless it was given another
		return "docker restart " + Quote(host)
	case pid == 0:
		return v.Command("serve") + " &"
	}
	return fmt.Sprintf("kill %d; while kill -0 %[1]d 2>/dev/null; do sleep 0.2; done; %s &", pid, v.startedAs(pid))
}

// startedAs is the command line of a running serve, so that its flags stay. No
// key can be among them, since none is ever a flag; a URL can hold a token or a
// password, and then it is the command line that this run's flags make.
func (v *visit) startedAs(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	args := strings.Split(strings.TrimSuffix(string(b), "\x00"), "\x00")
	if err != nil || len(args) < 2 || !slices.Contains(args, "serve") || strings.Contains(string(b), "@") || v.isUnsaid(args) {
		return v.Command("serve")
	}
	for i := range args {
		args[i] = Quote(args[i])
	}
	return strings.Join(args, " ")
}

// isUnsaid reports whether args have a flag whose value is not to be repeated.
func (v *visit) isUnsaid(args []string) bool {
	return slices.ContainsFunc(args, func(arg string) bool {
		name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		return strings.HasPrefix(arg, "-") && slices.Contains(v.Unsaid, name)
	})
}

// unitOf is the systemd unit of a process, with "user " before one of the
// user's own; "" where there is none or it is not ours.
func unitOf(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		return ""
	}
	for part := range strings.FieldsFuncSeq(string(b), func(r rune) bool { return r == '/' || r == '\n' || r == ':' }) {
		if strings.HasPrefix(part, "infershield") && strings.HasSuffix(part, ".service") {
			if strings.Contains(string(b), "user@") {
				return "user " + part
			}
			return part
		}
	}
	return ""
}

// ownerOf finds who listens on addr, by /proc. It is zero elsewhere than on
// Linux, and for the processes of others unless we are root.
func ownerOf(addr string) process {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return process{}
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return process{}
	}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		for _, inode := range listeners(table, number) {
			if p := holderOf(inode); p.pid > 0 {
				return p
			}
		}
	}
	return process{}
}

// listeners returns the inodes of the sockets that listen on port.
func listeners(table string, port int) (inodes []string) {
	b, err := os.ReadFile(table)
	if err != nil {
		return nil
	}
	const listening = "0A" // TCP_LISTEN
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) > 9 && f[3] == listening && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", port)) {
			inodes = append(inodes, f[9])
		}
	}
	return inodes
}

// holderOf finds the process with the socket open.
func holderOf(inode string) process {
	links, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return process{}
	}
	for _, link := range links {
		if to, err := os.Readlink(link); err != nil || to != "socket:["+inode+"]" {
			continue
		}
		part := strings.Split(link, "/")[2]
		pid, _ := strconv.Atoi(part) // the pattern has digits alone
		name, _ := os.ReadFile("/proc/" + part + "/comm")
		return process{pid: pid, name: strings.TrimSpace(string(name))}
	}
	return process{}
}

// Quote makes text one word of a command for a POSIX shell.
func Quote(text string) string {
	if text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%_+=:,./-", r)
	}) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// sameFile reports whether two paths are of one file.
func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}
