package main

import (
	"bytes"
	"io/fs"
	"math"
	"os"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
)

// memoryPercent of the memory that a container or a service is allowed is what
// the runtime keeps to. The rest is for what it does not count, such as the
// database's own pages.
const memoryPercent = 90

// limitMemory makes the garbage collector work harder near the limit of this
// process's control group, rather than let the kernel end the process there.
// Go itself heeds a group's share of processors, but not its memory. GOMEMLIMIT
// beats it.
func limitMemory() {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	if limit, ok := groupMemory(os.DirFS("/")); ok {
		debug.SetMemoryLimit(limit / 100 * memoryPercent)
	}
}

// groupMemory is the lowest memory limit, in bytes, of this process's control
// group and the groups around it. Version 1 and 2 of control groups are read
// below /sys/fs/cgroup; ok is false where there is no limit, or no such thing.
func groupMemory(root fs.FS) (limit int64, ok bool) {
	groups, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return 0, false
	}
	limit = math.MaxInt64
	for line := range strings.Lines(string(groups)) {
		// number:controllers:path, as cgroups(7) has it.
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) != 3 {
			continue
		}
		switch fields[1] {
		case "":
			limit = min(limit, lowest(root, "sys/fs/cgroup", fields[2], "memory.max"))
		case "memory":
			limit = min(limit, lowest(root, "sys/fs/cgroup/memory", fields[2], "memory.limit_in_bytes"))
		}
	}
	return limit, limit < noMemoryLimit
}

// noMemoryLimit is more than any machine has. Version 1 says that there is no
// limit by a number somewhat below 2⁶³.
const noMemoryLimit = 1 << 60

// lowest reads the files called name from mount+group up to mount. In a
// container mount may be the group itself, which is then read last.
func lowest(root fs.FS, mount, group, name string) int64 {
	limit := int64(math.MaxInt64)
	for at := path.Join("/", group); ; at = path.Dir(at) {
		if text, err := fs.ReadFile(root, path.Join(mount, at, name)); err == nil {
			if n, err := strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64); err == nil && n > 0 { // else it is max
				limit = min(limit, n)
			}
		}
		if at == "/" {
			return limit
		}
	}
}
