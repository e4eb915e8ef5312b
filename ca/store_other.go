//go:build !windows

package ca

import "errors"

func readWindowsRoots() ([][]byte, error) { return nil, errors.ErrUnsupported }
