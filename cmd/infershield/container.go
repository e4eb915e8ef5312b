package main

import (
	"fmt"
	"os"
)

// inContainer reports whether this is the first process of its system, which
// no program like this one is but in a container of its own. Only advice
// depends on it: a path or an address in here is of no use to the person
// outside. The marks that Docker and Podman leave would be seen in development
// containers too, where people are inside.
func inContainer() bool { return os.Getpid() == 1 }

// loopbackAdvice is how to keep others away from addr.
func loopbackAdvice() string {
	if inContainer() {
		return "publish the port on 127.0.0.1 alone, as in -p 127.0.0.1:8000:8000"
	}
	return "listen on 127.0.0.1"
}

// ownerAdvice is how to make dir this user's.
func ownerAdvice(dir string) string {
	if inContainer() {
		return fmt.Sprintf("on the host: sudo chown -R %d:%d the folder that is mounted as %s; a named volume needs nothing", os.Getuid(), os.Getgid(), dir)
	}
	return fmt.Sprintf("sudo chown -R \"$USER\" %s, or --data-dir DIR for another folder", dir)
}

// fromOutside makes the steps work in a shell on the host, which has neither
// the certificate's path nor this program. A container's name within a network
// is its host name, unless it was given another.
func (n nextSteps) fromOutside() nextSteps {
	name, err := os.Hostname()
	if err != nil {
		name = "CONTAINER"
	}
	n.self = "docker exec " + name + " infershield"
	n.ca = "infershield-ca.pem"
	n.fetch = n.self + " ca export > " + n.ca
	return n
}
