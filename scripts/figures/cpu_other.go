//go:build !unix

package main

import "time"

// cpu stands for processor time where that is not known.
func cpu() time.Duration { return time.Since(started) }

var started = time.Now()
