package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/infershield/infershield/guard"
	"github.com/infershield/infershield/policy"
)

// opinionConfig is what the settings say of the second opinion.
type opinionConfig struct {
	URL     *url.URL // nil: nobody is asked
	From    float64
	Below   float64 // 0: where policy blocks
	Timeout time.Duration
	OnError policy.Action
}

// secondOpinion is what guard asks, and whom.
func (c *Config) secondOpinion(roots *x509.CertPool, count func(outcome string)) guard.SecondOpinion {
	o := guard.SecondOpinion{
		From: c.Opinion.From, Below: c.Opinion.Below, Timeout: c.Opinion.Timeout, OnError: c.Opinion.OnError,
		Count: func(outcome guard.Outcome) { count(string(outcome)) },
	}
	if c.Opinion.URL != nil {
		o.Ask = newClassifier(c.Opinion.URL, roots).ask
	}
	return o
}

// classifier is a judge behind HTTP. It gets a JSON object of text, role and
// score, and answers one with a score. It gets no header of a client's and no
// key; where it redirects to nobody is asked.
type classifier struct {
	url    string
	client *http.Client
}

func newClassifier(u *url.URL, roots *x509.CertPool) *classifier {
	return &classifier{url: u.String(), client: &http.Client{
		Transport: &http.Transport{
			Proxy:               nil, // which could be ourselves
			TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
			MaxIdleConnsPerHost: 16,
			IdleConnTimeout:     time.Minute,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// opinionBytesMax bounds a classifier's answer.
const opinionBytesMax = 64 << 10

// ask is guard's question. Its errors do not hold the URL, which may have a
// token in it.
func (c *classifier) ask(ctx context.Context, q guard.Question) (float64, error) {
	body, err := json.Marshal(struct {
		Text  string  `json:"text"`
		Role  string  `json:"role"`
		Score float64 `json:"score"`
	}{q.Text, q.Role.String(), q.Score})
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return 0, errors.New("the classifier's URL is none")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "infershield")
	resp, err := c.client.Do(req)
	if err != nil {
		var where *url.Error
		if errors.As(err, &where) {
			err = where.Err
		}
		return 0, err
	}
	defer resp.Body.Close()
	return readOpinion(resp)
}

func readOpinion(resp *http.Response) (float64, error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, opinionBytesMax+1))
	switch {
	case err != nil:
		return 0, err
	case len(body) > opinionBytesMax:
		return 0, errors.New("the classifier's answer is too long")
	case resp.StatusCode != http.StatusOK:
		return 0, fmt.Errorf("the classifier answered with status %d", resp.StatusCode)
	}
	var answer struct {
		Score *float64 `json:"score"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Score == nil {
		return 0, errors.New("the classifier's answer has no score")
	}
	return *answer.Score, nil
}

// parseOpinionURL does not repeat what it was given: a URL can hold a password.
func parseOpinionURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("is not an http or https URL")
	}
	if u.User != nil {
		return nil, errors.New("holds a user name or password; a classifier gets no credentials")
	}
	return u, nil
}

// parseZone reads "0.4", from where to the block, or "0.4-0.9", from where to
// where.
func parseZone(s string, o *opinionConfig) error {
	first, last, ranged := strings.Cut(s, "-")
	from, err := parseScore(first)
	if err != nil {
		return err
	}
	below := 0.0
	if ranged {
		if below, err = parseScore(last); err != nil {
			return err
		}
		if below <= from {
			return fmt.Errorf("%s ends before it begins", quoted(s))
		}
	}
	o.From, o.Below = from, below
	return nil
}

func parseScore(s string) (float64, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || f <= 0 || f > 1 {
		return 0, fmt.Errorf("%s is not a score above 0 and up to 1, such as 0.4, or two of them, such as 0.4-0.9", quoted(s))
	}
	return f, nil
}
