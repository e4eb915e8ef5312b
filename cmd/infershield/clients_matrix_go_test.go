package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/openai/openai-go/v3"
)

// goClient is a Go program as one is written that knows no proxy. TestMain puts
// it on the PATH as goclient.
func goClient() {
	ctx, args := context.Background(), os.Args[1:]
	askHTTP("allowed", chatPost(ctx, args[0]))
	askHTTP("blocked", chatPost(ctx, args[1]))
	other, err := http.NewRequestWithContext(ctx, http.MethodGet, args[2], nil)
	if err != nil {
		panic(err)
	}
	askHTTP("other", other)
	askSDK(ctx, "allowed", args[0])
	askSDK(ctx, "blocked", args[1])
}

func chatPost(ctx context.Context, prompt string) *http.Request {
	body := fmt.Sprintf(`{"model":"gpt-4o-mini","messages":[{"role":"user","content":%q}]}`, prompt)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://api.openai.com/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	r.Header.Set("Authorization", "Bearer "+os.Getenv("OPENAI_API_KEY"))
	r.Header.Set("Content-Type", "application/json")
	return r
}

func askHTTP(name string, r *http.Request) {
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		fmt.Println("net/http", name, 0, err)
		return
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	fmt.Println("net/http", name, resp.StatusCode, oneLine(string(body)), err)
}

func askSDK(ctx context.Context, name, prompt string) {
	client := openai.NewClient() // reads OPENAI_API_KEY
	text, err := goChat(ctx, client, call{Prompt: prompt})
	status := http.StatusOK
	if apiErr := (*openai.Error)(nil); errors.As(err, &apiErr) {
		status, text = apiErr.StatusCode, "*openai.Error "+apiErr.Message
	} else if err != nil {
		status, text = 0, err.Error()
	}
	fmt.Println("openai-go", name, status, oneLine(text))
}

func oneLine(text string) string { return strings.ReplaceAll(text, "\n", " ") }
