package export

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Rules say when an alert is raised. A zero field raises none.
type Rules struct {
	Risk        int           // an exchange with findings and this risk or more
	Blocks      Rate          // blocked exchanges
	KeyFailures Rate          // exchanges answered 401
	CAExpiry    time.Duration // so long before the local authority ends
}

// Rate is a number of events within a time.
type Rate struct {
	Count  int
	Window time.Duration
}

const (
	rateCountMax  = 10000
	rateWindowMax = 24 * time.Hour
	expiryMax     = 3650 * 24 * time.Hour
)

// ParseRules reads rules as a person writes them, each at most once:
//
//	risk>=90, blocks>=20/5m, key_failures>=10/5m, ca_expiry<=14d
//
// "none" is no rule.
func ParseRules(s string) (Rules, error) {
	var rules Rules
	if strings.TrimSpace(s) == "none" {
		return rules, nil
	}
	seen := map[string]bool{}
	for _, part := range strings.Split(s, ",") {
		name, value, ok := strings.Cut(strings.ReplaceAll(part, " ", ""), ">=")
		if !ok {
			name, value, _ = strings.Cut(strings.ReplaceAll(part, " ", ""), "<=")
			ok = name == "ca_expiry"
		} else if name == "ca_expiry" {
			ok = false
		}
		if !ok || seen[name] {
			return Rules{}, fmt.Errorf("%q is none of risk>=90, blocks>=20/5m, key_failures>=10/5m, ca_expiry<=14d, or stands twice", strings.TrimSpace(part))
		}
		seen[name] = true
		if err := rules.set(name, value); err != nil {
			return Rules{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	return rules, nil
}

func (r *Rules) set(name, value string) (err error) {
	switch name {
	case "risk":
		r.Risk, err = number(value, 100)
	case "blocks":
		r.Blocks, err = parseRate(value)
	case "key_failures":
		r.KeyFailures, err = parseRate(value)
	case "ca_expiry":
		r.CAExpiry, err = parseDays(value)
	default:
		err = errors.New("is none of risk, blocks, key_failures, ca_expiry")
	}
	return err
}

func number(s string, most int) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("%q is not a whole number from 1 to %d", s, most)
	}
	return n, nil
}

func parseRate(s string) (Rate, error) {
	count, window, _ := strings.Cut(s, "/")
	n, err := number(count, rateCountMax)
	if err != nil {
		return Rate{}, err
	}
	d, err := time.ParseDuration(window)
	if err != nil || d < time.Second || d > rateWindowMax {
		return Rate{}, fmt.Errorf("%q is not a time from 1s to 24h, such as 5m", window)
	}
	return Rate{Count: n, Window: d}, nil
}

func parseDays(s string) (time.Duration, error) {
	n, err := number(strings.TrimSuffix(s, "d"), int(expiryMax/(24*time.Hour)))
	if err != nil || !strings.HasSuffix(s, "d") {
		return 0, fmt.Errorf("%q is not a number of days, such as 14d", s)
	}
	return time.Duration(n) * 24 * time.Hour, nil
}
