package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/infershield/infershield/doctor"
)

const doctorReference = "../../docs/doctor.md"

// docs/doctor.md lists the checks that the program makes:
// go test ./cmd/infershield -run TestDoctorReference -update
func TestDoctorReference(t *testing.T) {
	want := writeDoctorReference()
	if *update {
		if err := os.WriteFile(doctorReference, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(doctorReference)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s is not what doctor does; run this test with -update (-want +got):\n%s", doctorReference, diff)
	}
}

func writeDoctorReference() string {
	var b strings.Builder
	b.WriteString(`# infershield doctor

<!-- Written by go test ./cmd/infershield -run TestDoctorReference -update; change doctor_docs_test.go or package doctor instead. -->

` + "`infershield doctor`" + ` says what is wrong on this machine and, for each fault, the one command that fixes it. It changes nothing itself and takes up to
30 seconds. Run it in the shell whose programs are in trouble, with the flags that ` + "`serve`" + ` is given; ` + "`infershield run -- infershield doctor`" + ` looks at what
` + "`run`" + ` sets up.

| state | means |
|---|---|
| ` + "`ok`" + ` | as it should be |
| ` + "`warn`" + ` | works, and is worth a look |
| ` + "`wrong`" + ` | does not work, or is not safe; the exit code is 1 |
| ` + "`skipped`" + ` | not looked at, and why |

Commands are for a POSIX shell. At the end they stand once more, in the order in which they are best run. ` + "`--only ID,ID`" + ` takes ids and groups,
` + "`--json`" + ` prints one object: ` + "`{\"ok\":bool,\"findings\":[{\"id\",\"group\",\"state\",\"summary\",\"detail\",\"fix\"}]}`" + `. No key is ever printed.

## How the way is tried

Each client asks for ` + "`https://infershield-check.api.openai.com/`" + ` with the environment as it is. That name exists in no DNS: InferShield answers it by itself,
unrecorded, and a client that goes around the proxy reaches nobody. The provider is asked once, for ` + "`HEAD /v1/models`" + ` without a key, by the running proxy
where there is one. Of the clients each finding says whether it came through and whether it trusted the certificate, and which variables count for it.

## The checks

| id | group | all is well where |
|---|---|---|
`)
	for _, c := range doctor.Checks() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", c.ID, c.Group, c.About)
	}
	b.WriteString(`
## What it cannot see

- What browsers do about names by themselves (DNS over HTTPS, ECH): their settings are not read.
- Whether a program ignores the settings on purpose. ` + "`infershield run --jail -- CMD`" + ` leaves it no other way out (Linux).
- The environment of programs that a desktop or a service manager starts. ` + "`env.child`" + ` tries login shells and new terminals.
- Who has a port, where that is another user's process and doctor does not run as root, or where there is no ` + "`/proc`" + `.
- A command for every fault: a provider or a network that is down, or a full disk, is named, with a command that shows more.
`)
	return b.String()
}
