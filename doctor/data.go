package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// Free space of the data folder's disk.
const (
	spaceNeeded = 64 << 20  // bytes; less is wrong
	spaceWanted = 512 << 20 // less is worth a warning
)

func dataFolder(_ context.Context, v *visit) []Finding {
	if v.DataDir == "" {
		return wrong("There is no data folder: neither XDG_DATA_HOME nor a home folder is set.", "",
			`export INFERSHIELD_DATA_DIR="$PWD/infershield-data"`)
	}
	info, err := os.Stat(v.DataDir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return v.futureFolder()
	case err != nil:
		return wrong("The data folder "+v.DataDir+" cannot be looked at.", err.Error(), chown(v.DataDir))
	case !info.IsDir():
		return wrong(v.DataDir+" is no folder.", "", "mv "+Quote(v.DataDir)+" "+Quote(v.DataDir+".old"))
	}
	if found := v.unwritable(info); found != nil {
		return found
	}
	if mode := info.Mode().Perm(); mode&0o022 != 0 && runtime.GOOS != "windows" {
		return wrong(fmt.Sprintf("Others can write to the data folder (mode %04o), and replace the authority.", mode), v.DataDir, "chmod 700 "+Quote(v.DataDir))
	} else if mode&groupAndWorld != 0 && runtime.GOOS != "windows" {
		return warn(fmt.Sprintf("Others can look into the data folder (mode %04o).", mode), v.DataDir, "chmod 700 "+Quote(v.DataDir))
	}
	if to, err := os.Readlink(v.DataDir); err == nil {
		return ok("The data folder " + v.DataDir + ", a link to " + to + ", can be written to and is this user's alone.")
	}
	return ok("The data folder " + v.DataDir + " can be written to and is this user's alone.")
}

// futureFolder is for one that is still to be made: its nearest ancestor counts.
func (v *visit) futureFolder() []Finding {
	for dir := filepath.Dir(v.DataDir); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if errors.Is(err, fs.ErrNotExist) && dir != filepath.Dir(dir) {
			continue
		}
		if err == nil && info.IsDir() && writable(dir) == nil {
			return ok("The data folder " + v.DataDir + " will be made by the first start.")
		}
		return wrong("The data folder "+v.DataDir+" cannot be made.", "This user cannot write to "+dir+".",
			`export INFERSHIELD_DATA_DIR="$HOME/.local/share/infershield"`)
	}
}

// writable tries it with a file that goes at once.
func writable(dir string) error {
	probe, err := os.CreateTemp(dir, ".writable-*")
	if err != nil {
		return err
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

func (v *visit) unwritable(info fs.FileInfo) []Finding {
	err := writable(v.DataDir)
	if err == nil {
		return nil
	}
	summary := "The data folder " + v.DataDir + " cannot be written to."
	detail := "Neither the authority nor audit records can be kept."
	dir := Quote(v.DataDir)
	switch {
	case errors.Is(err, syscall.EROFS):
		return wrong(summary, detail+" It is on a file system that is mounted read-only.", "sudo mount -o remount,rw "+Quote(mountOf(v.DataDir)))
	case errors.Is(err, syscall.ENOSPC):
		return wrong(summary, detail+" Its disk is full.", "du -xah "+dir+" | sort -h | tail")
	case errors.Is(err, fs.ErrPermission) && ownedByUs(info):
		return wrong(summary, fmt.Sprintf("%s Its mode is %04o.", detail, info.Mode().Perm()), "chmod 700 "+dir)
	case errors.Is(err, fs.ErrPermission):
		return wrong(summary, detail+" It is another user's.", chown(v.DataDir))
	}
	return wrong(summary, err.Error(), "ls -ld "+dir)
}

// chown makes path this user's.
func chown(path string) string { return `sudo chown -R "$(id -u)" ` + Quote(path) }

// mountOf is where the file system of path is mounted.
func mountOf(path string) string {
	b, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return path
	}
	found := "/"
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) > 1 && len(f[1]) > len(found) && (path == f[1] || strings.HasPrefix(path, f[1]+"/")) {
			found = f[1]
		}
	}
	return found
}

func dataSpace(_ context.Context, v *visit) []Finding {
	dir := v.DataDir
	for dir != "" && dir != filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	free, total, known := space(dir)
	if !known {
		return skipped("Free space cannot be told here.")
	}
	summary := fmt.Sprintf("%s free on the disk of the data folder.", megabytes(free))
	find := "du -xah " + Quote(dir) + " | sort -h | tail"
	switch {
	case free < spaceNeeded && free < total/10:
		return wrong(summary, "Records will be lost soon.", find)
	case free < spaceWanted && free < total/20:
		return warn(summary, "", find)
	}
	return ok(summary)
}

func megabytes(n uint64) string {
	if n >= 10<<30 {
		return fmt.Sprintf("%d GB", n>>30)
	}
	return fmt.Sprintf("%d MB", n>>20)
}

// sqliteMagic begins every SQLite database.
const sqliteMagic = "SQLite format 3\x00"

func dataAudit(_ context.Context, v *visit) []Finding {
	path := v.AuditPath
	if path == "" {
		return skipped("The audit database is not a file.")
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ok("The audit database will be made by the first start.")
	case err != nil:
		if info, statErr := os.Stat(path); statErr == nil && ownedByUs(info) && errors.Is(err, fs.ErrPermission) {
			return wrong("The audit database "+path+" cannot be written to.", err.Error(), "chmod 600 "+Quote(path))
		}
		return wrong("The audit database "+path+" cannot be opened.", err.Error(), chown(path))
	}
	defer f.Close() //nolint:errcheck // nothing was written
	head := make([]byte, len(sqliteMagic))
	if n, err := io.ReadFull(f, head); n > 0 && (err != nil || string(head) != sqliteMagic) {
		return wrong("The audit database "+path+" is damaged, or no database.", "InferShield makes a new one where there is none.",
			"mv "+Quote(path)+" "+Quote(path+".damaged"))
	}
	return ok("The audit database can be opened and written to.")
}
