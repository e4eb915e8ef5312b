package main

import (
	"testing"
	"testing/fstest"
)

func TestGroupMemory(t *testing.T) {
	for name, tt := range map[string]struct {
		files map[string]string
		want  int64 // 0 for no limit
	}{
		"no control groups": {nil, 0},
		"version 2, a container": {map[string]string{
			"proc/self/cgroup":         "0::/\n",
			"sys/fs/cgroup/memory.max": "268435456\n",
		}, 268435456},
		"version 2, a service below a tighter slice": {map[string]string{
			"proc/self/cgroup": "0::/system.slice/infershield.service\n",
			"sys/fs/cgroup/system.slice/infershield.service/memory.max": "1073741824\n",
			"sys/fs/cgroup/system.slice/memory.max":                     "536870912\n",
		}, 536870912},
		"version 2, no limit": {map[string]string{
			"proc/self/cgroup":                    "0::/user.slice\n",
			"sys/fs/cgroup/user.slice/memory.max": "max\n",
		}, 0},
		"version 1, a container that sees the host's path": {map[string]string{
			"proc/self/cgroup":                           "5:memory:/docker/0123\n4:cpu,cpuacct:/docker/0123\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "67108864\n",
		}, 67108864},
		"version 1, no limit": {map[string]string{
			"proc/self/cgroup":                           "5:memory:/\n0::/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
		}, 0},
		"nonsense": {map[string]string{
			"proc/self/cgroup":         "\n::\n0::/../..\n0::\n",
			"sys/fs/cgroup/memory.max": "-1\n",
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			root := fstest.MapFS{}
			for path, text := range tt.files {
				root[path] = &fstest.MapFile{Data: []byte(text)}
			}
			got, ok := groupMemory(root)
			if !ok {
				got = 0
			}
			if got != tt.want || ok != (tt.want > 0) {
				t.Errorf("got %d, %t; want %d", got, ok, tt.want)
			}
		})
	}
}
