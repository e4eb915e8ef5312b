// Command infershield is a transparent forward proxy that inspects traffic to
// LLM providers. This package wires the others; it alone reads flags, the
// environment and files.
package main

import "os"

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}
