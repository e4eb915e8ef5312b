//go:build !linux

package audit_test

import "testing"

func postgres(t testing.TB) string {
	t.Helper()
	t.Skip("PostgreSQL: the tests start it on Linux alone")
	return ""
}

func stopShared() {}
