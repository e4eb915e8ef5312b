package doctor

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
)

const apiKey = "OPENAI_API_KEY"

func keyMode(_ context.Context, v *visit) []Finding {
	k := v.Key
	switch {
	case k.Mode == "passthrough" && k.Set:
		return ok("Key mode passthrough: the client's key goes on; " + apiKey + " is left to clients.")
	case k.Mode == "passthrough":
		return ok("Key mode passthrough: the client's key goes on.")
	case !k.Set && v.isRuns():
		return ok("The InferShield of run sends the client's key.")
	case !k.Set && k.Mode == "server":
		return wrong("Key mode server, and "+apiKey+" is not set: serve will not start.",
			"Give InferShield the key to send, or let clients bring theirs: auto sends the server's key if there is one, else the client's.",
			"export KEY_MODE=auto")
	case !k.Set:
		return ok("Key mode auto without a key: the client's key goes on.")
	case k.Placeholder:
		return wrong(apiKey+" ("+k.Origin+") looks like an example's, not like a key.",
			"The provider would answer 401. Set the real one, or let clients bring theirs.", "export KEY_MODE=passthrough")
	}
	f := Finding{State: OK, Summary: fmt.Sprintf("Key mode %s, with a key from %s.", k.Mode, k.Origin)}
	if v.env[apiKey] != "" {
		f.Detail = "Programs of this shell see that key too. In .env, with mode 600, InferShield alone does."
	}
	return one(f)
}

func keyFiles(_ context.Context, v *visit) []Finding {
	if len(v.Files) == 0 {
		return ok("No .env or infershield.yaml is used here.")
	}
	var closed, unchanged []string
	for _, file := range v.Files {
		info, err := os.Stat(file.Path)
		if err != nil || runtime.GOOS == "windows" { // where the mode bits say nothing
			continue
		}
		mode := info.Mode().Perm()
		if file.HoldsSecret && mode&groupAndWorld != 0 {
			return wrong(fmt.Sprintf("%s holds a key or another secret and is open to others (mode %04o).", file.Path, mode),
				"Who has read it can use what it holds: replace that where it was issued if that may be so.", "chmod 600 "+Quote(file.Path))
		}
		if mode&0o022 != 0 {
			return wrong(fmt.Sprintf("%s can be changed by others (mode %04o).", file.Path, mode),
				"It says where traffic goes.", "chmod go-w "+Quote(file.Path))
		}
		if mode&groupAndWorld == 0 {
			closed = append(closed, file.Path)
		} else {
			unchanged = append(unchanged, file.Path)
		}
	}
	return filesFound(closed, unchanged)
}

// filesFound says what was seen of the files with nothing wrong.
func filesFound(closed, unchanged []string) []Finding {
	var said []string
	if len(closed) > 0 {
		said = append(said, "Not open to others: "+strings.Join(closed, ", ")+".")
	}
	if len(unchanged) > 0 {
		said = append(said, "Without a secret, and others cannot change it: "+strings.Join(unchanged, ", ")+".")
	}
	if len(said) == 0 {
		return skipped("Whether others can read the files of configuration cannot be told here.")
	}
	return ok(strings.Join(said, " "))
}
