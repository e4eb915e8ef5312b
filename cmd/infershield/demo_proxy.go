package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"

	"github.com/infershield/infershield/audit"
)

// demoProxy is the product as serve runs it, on ports of its own.
type demoProxy struct {
	product *product
	addr    string
	stop    func() error // drains and returns what product.run did; twice does no harm
}

func startDemoProxy(ctx context.Context, dir string, upstream *provider) (*demoProxy, error) {
	cfg, err := demoConfig(dir, upstream)
	if err != nil {
		return nil, err
	}
	// The log would only repeat the table.
	product, err := newProduct(ctx, cfg, io.Discard)
	if err != nil {
		return nil, err
	}
	p := &demoProxy{product: product, stop: func() error { return nil }}
	front, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting the demo's proxy: %w", err), p.close())
	}
	admin, err := net.Listen("tcp", cfg.Admin)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting the demo's proxy: %w", err), front.Close(), p.close())
	}
	p.addr = front.Addr().String()
	ctx, cancel := context.WithCancel(ctx)
	ran := make(chan error, 1)
	go func() { ran <- product.run(ctx, front, admin) }()
	p.stop = sync.OnceValue(func() error { cancel(); return <-ran })
	return p, nil
}

// demoConfig is serve's default but for where things are, and for the key:
// this machine's settings and its real key have no part in a demo.
func demoConfig(dir string, upstream *provider) (*Config, error) {
	cfg := &Config{UpstreamCA: upstream.rootPEM}
	own := map[string]string{
		"key-mode": "auto", "listen": "127.0.0.1:0", "admin": "127.0.0.1:0", "data-dir": dir,
		"connect-to": "api.openai.com:443:" + upstream.addr(),
	}
	for _, s := range settings() {
		value, ok := own[s.flag]
		if !ok {
			value = s.initial
		}
		if value == "" {
			continue
		}
		if err := s.set(cfg, value); err != nil {
			return nil, fmt.Errorf("configuring the demo: %s: %w", s.flag, err)
		}
	}
	return cfg, nil
}

// transport is how a program comes through here that was given a proxy and a
// CA to trust, and nothing else.
func (p *demoProxy) transport() *http.Transport {
	roots := x509.NewCertPool()
	roots.AddCert(p.product.authority.Root())
	return &http.Transport{
		Proxy:             http.ProxyURL(&url.URL{Scheme: "http", Host: p.addr}),
		TLSClientConfig:   &tls.Config{RootCAs: roots},
		ForceAttemptHTTP2: true,
	}
}

// finish stops the proxy, so that every exchange has its record, and returns
// the records.
func (p *demoProxy) finish(ctx context.Context) ([]audit.Record, error) {
	if err := p.stop(); err != nil {
		return nil, fmt.Errorf("running the demo's proxy: %w", err)
	}
	if err := p.product.records.Sync(ctx); err != nil {
		return nil, err
	}
	page, err := p.product.records.Query(ctx, audit.Filter{})
	return page.Records, err
}

// close stops what finish has not and closes the records.
func (p *demoProxy) close() error {
	return errors.Join(p.stop(), p.product.Close())
}
