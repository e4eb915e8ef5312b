package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/infershield/infershield/doctor"
)

// healthTimeout is how long an instance may take to say that it is well.
const healthTimeout = 3 * time.Second

// newHealthCommand asks a running instance whether it is well. It is there for
// images that hold nothing but this binary, and so no curl; people have
// `doctor`.
func newHealthCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:    "health",
		Short:  "Asks the instance that runs here whether it is well",
		Long:   "Asks /healthz on the admin port. Exit code 0 is well, 1 is not. It is what the container image's HEALTHCHECK runs.",
		Args:   cobra.NoArgs,
		Hidden: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.loadConfig(cmd)
			if err != nil {
				return err
			}
			answer, err := askHealth(cmd.Context(), doctor.Dialable(cfg.Admin))
			if err != nil {
				return err
			}
			_, err = io.WriteString(a.stdout, answer)
			return err
		},
	}
	bindSettings(cmd, "admin")
	return cmd
}

// askHealth returns what the admin port at addr says of itself.
func askHealth(ctx context.Context, addr string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/healthz", nil)
	if err != nil {
		return "", err
	}
	// The environment may name a proxy, this very instance among others.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(req)
	if err != nil {
		return "", withHint(fmt.Errorf("asking http://%s/healthz: %w", addr, shortest(err)),
			"infershield serve, or name the address that it has: infershield health --admin HOST:PORT")
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 256))
	if err != nil {
		return "", fmt.Errorf("reading the answer of http://%s/healthz: %w", addr, err)
	}
	if answer.StatusCode != http.StatusOK {
		return "", withHint(fmt.Errorf("http://%s/healthz answers %s", addr, answer.Status),
			"that may not be InferShield; name the address that it has: infershield health --admin HOST:PORT")
	}
	return string(body), nil
}

// shortest is err without what its message would repeat of the address.
func shortest(err error) error {
	var number syscall.Errno
	var timeout net.Error
	switch {
	case errors.As(err, &number):
		return number
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("no answer within %v", healthTimeout)
	}
	return err
}
