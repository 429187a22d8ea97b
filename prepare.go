package pushgw

import (
	"context"

	"github.com/pushgw/xk6-pushgw/internal/listen"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// prepare returns what one connection needs before it is dialled, and completes what the
// connection has of its own. Base is the target that the call's connections have in common.
func (c *client) prepare(ctx context.Context, own *values, base wire.Target) (listen.Prepared, error) {
	if err := c.fill(ctx, own, &base); err != nil {
		return listen.Prepared{}, &wire.DialError{Phase: wire.PhaseScript, Host: base.URL.Host, Err: err}
	}
	return c.backend.prepare(ctx, own, &base)
}

// fill asks the script what the connection has of its own, and gives the target that.
func (c *client) fill(ctx context.Context, own *values, target *wire.Target) error {
	var err error
	if own.answers, err = c.settings.varyings.ask(ctx, own.index); err != nil {
		return err
	}
	if err := c.backend.identify(own); err != nil {
		return err
	}
	return c.settings.upgrade.apply(own, target)
}
