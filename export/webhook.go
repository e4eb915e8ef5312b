package export

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Webhook is an HTTP endpoint that is sent events by POST, signed after the
// Standard Webhooks specification 1.0.0: the headers webhook-id,
// webhook-timestamp and webhook-signature, the last one "v1," and the base64
// of the HMAC-SHA256 of "ID.TIMESTAMP.BODY". A batch that is sent again keeps
// its id.
//
// The body is {"type":"exchanges","timestamp":…,"data":[…]} with audit records,
// and {"type":"alerts",…} with alerts. 2xx means taken; 408, 425, 429 and 5xx
// are tried again, after Retry-After where it is told, and all else is final.
// Redirects are not followed: a signed body goes where it was meant to go.
type Webhook struct {
	URL string // https, or http
	// Secret signs. One that begins with "whsec_" is base64, as the
	// specification has it, any other is taken as it is. Empty sends unsigned.
	Secret Secret
	// Records has every exchange sent, and not alerts alone.
	Records bool
	// OCSF sends exchanges as OCSF events instead of audit records.
	OCSF bool
	// Transport makes the requests. Nil means http.DefaultTransport.
	Transport http.RoundTripper
}

// retryAfterMax bounds what a receiver may ask us to wait.
const retryAfterMax = time.Minute

// webhook is a Webhook at work.
type webhook struct {
	url     string
	key     []byte
	records bool
	ocsf    *ocsf
	client  *http.Client
	agent   string
}

func newWebhook(cfg Webhook, version string) (*webhook, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("the webhook is no http or https URL")
	}
	w := &webhook{url: cfg.URL, records: cfg.Records, agent: "InferShield/" + version, key: []byte(cfg.Secret)}
	if encoded, ok := strings.CutPrefix(string(cfg.Secret), "whsec_"); ok {
		if w.key, err = base64.StdEncoding.DecodeString(encoded); err != nil {
			return nil, errors.New("the webhook's secret begins with whsec_ but is no base64 after it")
		}
	}
	if cfg.OCSF {
		w.ocsf = &ocsf{version: version}
	}
	w.client = &http.Client{
		Transport:     cfg.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return w, nil
}

func (w *webhook) name() string { return "webhook" }

func (w *webhook) wants(e event) bool { return e.alert != nil || w.records }

func (w *webhook) close() { w.client.CloseIdleConnections() }

// deliver implements destination. Records and alerts of a batch go in a body
// each.
func (w *webhook) deliver(ctx context.Context, events []event) error {
	var exchanges, alerts []any
	for _, e := range events {
		switch {
		case e.alert != nil:
			alerts = append(alerts, e.alert)
		case w.ocsf != nil:
			exchanges = append(exchanges, w.ocsf.event(e.record))
		default:
			exchanges = append(exchanges, e.record)
		}
	}
	if err := w.post(ctx, "alerts", alerts); err != nil {
		return err
	}
	return w.post(ctx, "exchanges", exchanges)
}

func (w *webhook) post(ctx context.Context, kind string, data []any) error {
	if len(data) == 0 {
		return nil
	}
	list, err := json.Marshal(data)
	if err != nil {
		return refused{fmt.Errorf("encoding %s: %w", kind, err)}
	}
	sum := sha256.Sum256(list)
	id := "msg_" + hex.EncodeToString(sum[:16]) // the same for the same events
	now := time.Now().UTC()
	body, err := json.Marshal(struct {
		Type string          `json:"type"`
		Time string          `json:"timestamp"`
		Data json.RawMessage `json:"data"`
	}{kind, now.Format(time.RFC3339Nano), list})
	if err != nil {
		return refused{fmt.Errorf("encoding %s: %w", kind, err)}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return refused{errors.New("the webhook is no URL")}
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", w.agent)
	w.sign(r.Header, id, now, body)
	return w.answer(w.client.Do(r))
}

func (w *webhook) sign(h http.Header, id string, now time.Time, body []byte) {
	stamp := strconv.FormatInt(now.Unix(), 10)
	h.Set("Webhook-Id", id)
	h.Set("Webhook-Timestamp", stamp)
	if len(w.key) == 0 {
		return
	}
	mac := hmac.New(sha256.New, w.key)
	fmt.Fprintf(mac, "%s.%s.", id, stamp)
	mac.Write(body)
	h.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

func (w *webhook) answer(resp *http.Response, err error) error {
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // the URL may have a token in it
		}
		return fmt.Errorf("calling the webhook: %w", err)
	}
	defer resp.Body.Close() //nolint:errcheck // nothing depends on it
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
	switch code := resp.StatusCode; {
	case code/100 == 2:
		return nil
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests, code >= 500:
		seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After")) // none is 0
		after := min(time.Duration(max(seconds, 0))*time.Second, retryAfterMax)
		return later{fmt.Errorf("the webhook answered %d", code), after}
	default:
		return refused{fmt.Errorf("the webhook answered %d", code)}
	}
}
