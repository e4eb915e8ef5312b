package llm_test

import (
	"fmt"
	"net/http/httptest"
	"strings"

	"github.com/infershield/infershield/llm"
)

func ExampleEndpoint_Request() {
	ep, _ := llm.Match(httptest.NewRequest("POST", "https://api.openai.com/v1/chat/completions", nil))
	doc := ep.Request([]byte(`{"messages": [{"role": "user", "content": "My key is hunter2"}]}`))
	for i, s := range doc.Segments() {
		if s.Known {
			continue
		}
		fmt.Println(ep.Name(), s.Role, doc.Path(i), s.Text)
		doc.Replace(i, strings.ReplaceAll(s.Text, "hunter2", "[SECRET]"))
	}
	fmt.Println(string(doc.Bytes()))
	// Output:
	// chat.completions user /messages/0/content My key is hunter2
	// {"messages": [{"role": "user", "content": "My key is [SECRET]"}]}
}
