package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/infershield/infershield/audit"
)

// demoTimeout ends a demo that hangs. It takes about a second.
const demoTimeout = 30 * time.Second

func newDemoCommand(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Shows the whole thing working with a stand-in provider: no key, no network",
		Long: `Starts the proxy as serve does, on free ports of this machine with a folder of
its own, and a stand-in for the provider. Sends it a clean prompt, a leaked key,
an injection, a stream and a request without a key, over real TLS by CONNECT, and
shows what each side saw and what was recorded. Leaves nothing behind.

Exit 1 if anything is not as it should be.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), demoTimeout)
			defer cancel()
			shown, err := runDemo(ctx)
			if err != nil {
				return err
			}
			if asJSON {
				err = writeJSON(a.stdout, shown)
			} else {
				err = shown.print(a.stdout, a.palette(a.stdout))
			}
			if err == nil && !shown.OK {
				return exitCode(exitFailed)
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// demo is what a run showed.
type demo struct {
	OK         bool         `json:"ok"`
	Steps      []demoResult `json:"steps"`
	DurationMS int64        `json:"duration_ms"`
}

// runDemo sets everything up, takes the steps and clears everything away.
func runDemo(ctx context.Context) (shown *demo, err error) {
	began := time.Now()
	key := demoKey()
	provider, err := startProvider(providerConfig{Keys: []string{key}})
	if err != nil {
		return nil, err
	}
	defer provider.close() //nolint:errcheck // it held nothing that could be lost
	dir, err := os.MkdirTemp("", "infershield-demo-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for the demo: %w", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // the system clears what is left
	proxy, err := startDemoProxy(ctx, dir, provider)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, proxy.close()) }()

	transport := proxy.transport()
	client := &http.Client{Transport: transport}
	shown = &demo{OK: true}
	for _, step := range demoSteps(key) {
		result, err := step.take(ctx, client, provider)
		if err != nil {
			return nil, fmt.Errorf("demo, %s: %w", step.name, err)
		}
		shown.Steps = append(shown.Steps, result)
	}
	transport.CloseIdleConnections()
	records, err := proxy.finish(ctx)
	if err != nil {
		return nil, err
	}
	shown.judge(demoSteps(key), records)
	shown.DurationMS = time.Since(began).Milliseconds()
	return shown, nil
}

// judge finds each step's record and says what is not as it should be.
func (d *demo) judge(steps []demoStep, records []audit.Record) {
	for i := range d.Steps {
		result := &d.Steps[i]
		for _, r := range records {
			if r.BodySHA256.RequestIn == result.Client.SentSHA256 {
				result.Record = &r
			}
		}
		result.Wrong = steps[i].wrong(*result)
		d.OK = d.OK && len(result.Wrong) == 0
	}
}
