package ca

import (
	"errors"
	"os"
	"syscall"
)

// sharingViolation is ERROR_SHARING_VIOLATION: somebody has the file open.
const sharingViolation = syscall.Errno(32)

// tryLock reports whether this process alone holds the lock now.
func tryLock(path string) (release func(), ok bool, err error) {
	const shareNothing = 0
	return tryCreate(path, syscall.GENERIC_READ|syscall.GENERIC_WRITE, shareNothing)
}

// tryShared reports whether this process holds the lock now, with others that
// share it.
func tryShared(path string) (release func(), ok bool, err error) {
	return tryCreate(path, syscall.GENERIC_READ, syscall.FILE_SHARE_READ)
}

func tryCreate(path string, access, share uint32) (release func(), ok bool, err error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, false, err
	}
	file, err := syscall.CreateFile(name, access, share, nil, syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if err == nil {
		return func() { _ = syscall.CloseHandle(file) }, true, nil // closing releases
	}
	if errors.Is(err, sharingViolation) {
		return nil, false, nil
	}
	return nil, false, &os.PathError{Op: "CreateFile", Path: path, Err: err}
}
