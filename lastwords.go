package pushgw

import (
	"context"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/sleep"
)

// lastWords is how long a call may go on after its iteration was stopped, to tell other
// processes what they would wait for in vain.
const lastWords = 2 * time.Second

// outliving returns a context that ends lastWords after ctx, or when it is cancelled.
func outliving(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		_ = sleep.For(longer, lastWords)
		cancel()
	})
	return longer, func() {
		stop()
		cancel()
	}
}
