package main

import (
	"os/exec"
	"syscall"
)

// endAll leaves cmd as it is: there are no groups of processes to signal here.
func endAll(*exec.Cmd, syscall.Signal) {}
