package dashboard

import (
	"slices"
	"strings"
)

// System is a kind of machine or program that is told to trust the authority
// in its own way. web/systems.html has the ways, by ID.
type System struct {
	ID, Name string
	Program  bool // rather than a machine
}

func systems() []System {
	return []System{
		{ID: "debian", Name: "Debian, Ubuntu"},
		{ID: "fedora", Name: "Fedora, RHEL"},
		{ID: "arch", Name: "Arch"},
		{ID: "alpine", Name: "Alpine"},
		{ID: "macos", Name: "macOS"},
		{ID: "windows", Name: "Windows"},
		{ID: "ios", Name: "iOS"},
		{ID: "android", Name: "Android"},
		{ID: "chrome", Name: "Chrome", Program: true},
		{ID: "firefox", Name: "Firefox", Program: true},
		{ID: "python", Name: "Python", Program: true},
		{ID: "node", Name: "Node.js", Program: true},
		{ID: "java", Name: "Java", Program: true},
		{ID: "docker", Name: "Docker", Program: true},
	}
}

func isSystem(id string) bool {
	return slices.ContainsFunc(systems(), func(s System) bool { return s.ID == id })
}

// recognise returns the IDs of the visitor's system and of what its browser
// looks for trust in, by the User-Agent: firefox and, on Linux, chrome have
// stores of their own, the others use the system's.
func recognise(agent string) (system, store string) {
	is := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(agent, w) })
	}
	switch {
	case is("iPhone", "iPad", "iPod"):
		return "ios", "ios"
	case is("Android"):
		system = "android"
	case is("Windows"):
		system = "windows"
	case is("Macintosh", "Mac OS X"):
		system = "macos"
	case is("Fedora", "Red Hat"):
		system = "fedora"
	default:
		system = "debian" // the most common of those that say no more than Linux
	}
	store = system
	switch {
	case is("Firefox/"):
		store = "firefox"
	case is("Chrome/", "Chromium/") && (system == "debian" || system == "fedora"):
		store = "chrome"
	}
	return system, store
}
