//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package ca

import (
	"errors"
	"os"
	"syscall"
)

// tryLock reports whether this process alone holds the lock now.
func tryLock(path string) (release func(), ok bool, err error) {
	return tryFlock(path, syscall.LOCK_EX)
}

// tryShared reports whether this process holds the lock now, with others that
// share it.
func tryShared(path string) (release func(), ok bool, err error) {
	return tryFlock(path, syscall.LOCK_SH)
}

func tryFlock(path string, how int) (release func(), ok bool, err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, false, err
	}
	err = syscall.Flock(int(file.Fd()), how|syscall.LOCK_NB)
	if err == nil {
		return func() { _ = file.Close() }, true, nil // closing releases
	}
	_ = file.Close() // nothing was written
	if errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, syscall.EINTR) {
		return nil, false, nil
	}
	return nil, false, &os.PathError{Op: "flock", Path: path, Err: err}
}
