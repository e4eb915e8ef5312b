package ca

import (
	"fmt"
	"time"
)

const (
	lockWait = 10 * time.Second // a change of the root takes milliseconds
	lockPoll = 10 * time.Millisecond
)

// acquire waits until this process alone holds the lock file, which stays when
// it is released: removing it would let two processes lock two files. The
// system releases the lock of a process that dies.
func acquire(path string) (release func(), err error) {
	deadline := time.Now().Add(lockWait)
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	for {
		release, ok, err := tryLock(path)
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
