package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// entry is one file of an archive.
type entry struct {
	name string // in the archive, with slashes
	from string // where it is
	mode fs.FileMode
}

// archive writes the .tar.gz, or the .zip for Windows.
func (r *release) archive(t target) error {
	entries, err := r.entries(t)
	if err != nil {
		return err
	}
	if t.os == "windows" {
		return writeFile(r.name(t, ".zip"), func(w io.Writer) error { return writeZip(w, entries, r.time) })
	}
	return writeFile(r.name(t, ".tar.gz"), func(w io.Writer) error { return writeTar(w, entries, r.time) })
}

// entries are the files of t's archive, by name, all in one folder.
func (r *release) entries(t target) ([]entry, error) {
	all := []entry{{t.exe(), r.stage(t.String(), t.exe()), 0o755}}
	for _, name := range []string{"LICENSE", "README.md", "CHANGELOG.md"} {
		all = append(all, entry{name, name, 0o644})
	}
	all = append(all, entry{"third-party-licences.txt", r.stage("third-party-licences.txt"), 0o644})
	folders := map[string]string{"docs": "docs", "packaging/observe": "packaging/observe", "completions": r.stage("completions")}
	if t.os != "windows" {
		folders["man"] = r.stage("man")
	}
	switch t.os {
	case "linux":
		folders["systemd"] = "packaging/systemd"
		all = append(all, entry{"systemd/infershield.env", "packaging/infershield.env", 0o600})
	case "darwin":
		folders["launchd"] = "packaging/launchd"
	}
	for name, folder := range folders {
		err := filepath.WalkDir(folder, func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || file == filepath.Join("docs", "figures.json") {
				return err
			}
			inside, err := filepath.Rel(folder, file)
			all = append(all, entry{path.Join(name, filepath.ToSlash(inside)), file, 0o644})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	top := strings.TrimSuffix(filepath.Base(r.name(t, "")), ".")
	for i := range all {
		all[i].name = path.Join(top, all[i].name)
	}
	slices.SortFunc(all, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return all, nil
}

// writeTar writes entries as they come, all of root's and from one moment.
func writeTar(w io.Writer, entries []entry, when time.Time) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	tw := tar.NewWriter(z)
	for _, e := range entries {
		content, err := os.ReadFile(e.from)
		if err != nil {
			return err
		}
		h := &tar.Header{Name: e.name, Mode: int64(e.mode), Size: int64(len(content)), ModTime: when, Uname: "root", Gname: "root", Format: tar.FormatUSTAR}
		if err := tw.WriteHeader(h); err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
		if _, err := tw.Write(content); err != nil {
			return err
		}
	}
	if err := tw.Close(); err != nil {
		return err
	}
	return z.Close()
}

// writeZip is writeTar in the other format.
func writeZip(w io.Writer, entries []entry, when time.Time) error {
	zw := zip.NewWriter(w)
	for _, e := range entries {
		content, err := os.ReadFile(e.from)
		if err != nil {
			return err
		}
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate, Modified: when}
		h.SetMode(e.mode)
		f, err := zw.CreateHeader(h)
		if err != nil {
			return err
		}
		if _, err := f.Write(content); err != nil {
			return err
		}
	}
	return zw.Close()
}

// sums writes SHA256SUMS, which `sha256sum -c` reads.
func (r *release) sums() error {
	files, err := os.ReadDir(r.out) // by name
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, f := range files {
		content, err := os.ReadFile(filepath.Join(r.out, f.Name()))
		if err != nil {
			return err
		}
		sum := sha256.Sum256(content)
		fmt.Fprintf(&b, "%s  %s\n", hex.EncodeToString(sum[:]), f.Name())
		r.say("%9d bytes  %s", len(content), f.Name())
	}
	return write(filepath.Join(r.out, "SHA256SUMS"), []byte(b.String()))
}

func writeFile(path string, fill func(io.Writer) error) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if closing := f.Close(); err == nil {
			err = closing
		}
	}()
	return fill(f)
}
