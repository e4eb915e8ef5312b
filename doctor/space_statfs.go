//go:build linux || darwin

package doctor

import "syscall"

// space is what this user may still write to the disk of dir, and its size, in
// bytes.
func space(dir string) (free, total uint64, known bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, 0, false
	}
	block := uint64(s.Bsize) //nolint:gosec // a size
	return s.Bavail * block, s.Blocks * block, true
}
