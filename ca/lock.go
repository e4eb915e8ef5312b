package ca

import (
	"fmt"
	"time"
)

const (
	lockWait = 10 * time.Second // a change of the root takes milliseconds
	lockPoll = 10 * time.Millisecond
)

// acquire waits until try succeeds, which is tryLock or tryShared. The lock file
// stays when it is released: removing it would let two processes lock two files.
// The system releases the lock of a process that dies.
func acquire(path string, try func(path string) (release func(), ok bool, err error)) (release func(), err error) {
	deadline := time.Now().Add(lockWait)
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	for {
		release, ok, err := try(path)
		if err != nil {
			return nil, fmt.Errorf("locking the folder of the CA: %w", err)
		}
		if ok {
			return release, nil
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("another process has held %s for %v: end it and try again", path, lockWait)
		}
		<-tick.C
	}
}
