// Package sleep waits for a while, or for less if a context ends.
package sleep

import (
	"context"
	"time"
)

// For waits, and returns the context's error if that has ended by then.
func For(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
	return ctx.Err()
}
