package command

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.k6.io/k6/v2/cmd/state"
	"go.k6.io/k6/v2/errext"
	"go.k6.io/k6/v2/lib/types"

	"github.com/pushgw/xk6-pushgw/internal/appsync"
	"github.com/pushgw/xk6-pushgw/internal/credentials"
	"github.com/pushgw/xk6-pushgw/internal/doctor"
	"github.com/pushgw/xk6-pushgw/internal/events"
)

// doctorOptions are the flags of `k6 x pushgw doctor`.
type doctorOptions struct {
	plan     doctor.Plan
	url      string
	localIPs string
}

// newDoctorCommand is `k6 x pushgw doctor`, which looks at this machine before a
// big run.
func newDoctorCommand(gs *state.GlobalState) *cobra.Command {
	var o doctorOptions
	cmd := &cobra.Command{
		Use:   "doctor --connections N",
		Short: "Say whether this machine can hold that many connections, and what to change",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := o.check(); err != nil {
				return err
			}
			return o.report(gs.Stdout, doctor.Examine(gs.Ctx, o.plan, doctor.LocalMachine()))
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.IntVar(&o.plan.Connections, "connections", 0, "connections to hold on this machine")
	flags.StringVar(&o.url, "url", "", "the gateway's URL (wss, ws, https or http), whose DNS, TCP and TLS are tried")
	flags.BoolVar(&o.plan.Secure, "tls", false, "the connections are wss; known from the URL, if there is one")
	flags.IntVar(&o.plan.PerVU, "per-vu", 500, "how many of them one VU holds")
	flags.IntVar(&o.plan.Processes, "processes", 1, "k6 processes on this machine that share them")
	flags.StringVar(&o.localIPs, "local-ips", "", "what k6 run is to have as --local-ips")
	return cmd
}

// check completes the options, or says which flag can't be as it is.
func (o *doctorOptions) check() error {
	if o.plan.Connections == 0 {
		return errors.New("--connections is missing: how many are to be held?")
	}
	const most = 1e9 // no machine has as many of anything
	for _, flag := range []struct {
		name  string
		value int
	}{{"connections", o.plan.Connections}, {"per-vu", o.plan.PerVU}, {"processes", o.plan.Processes}} {
		if flag.value < 1 || flag.value > most {
			return fmt.Errorf("--%s: must be from 1 to %d, not %d", flag.name, int(most), flag.value)
		}
	}
	o.plan.PerVU = min(o.plan.PerVU, o.plan.Connections)
	o.plan.Processes = min(o.plan.Processes, o.plan.Connections)
	var err error
	if o.plan.LocalIPs, err = localIPs(o.localIPs); err != nil {
		return fmt.Errorf("--local-ips: %w", err)
	}
	if o.url == "" {
		return nil
	}
	if o.plan.Gateway, err = endpoints(o.url); err != nil {
		return fmt.Errorf("--url: %w", err)
	}
	secure := o.plan.Gateway[0].Scheme == "wss"
	if o.plan.Secure && !secure {
		return fmt.Errorf("--tls: connections to %s are plain", credentials.RedactURL(o.url))
	}
	o.plan.Secure = secure
	return nil
}

// endpoints are the gateway's URLs, that of its WebSockets first. An http URL is
// AppSync's, which takes WebSockets elsewhere: an Event API's if its path ends with /event,
// else a GraphQL API's.
func endpoints(text string) ([]*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%q is not a URL", credentials.RedactURL(text))
	}
	if u.Hostname() == "" {
		return nil, fmt.Errorf("%q names no host", credentials.RedactURL(text))
	}
	switch u.Scheme {
	case "ws", "wss":
		return []*url.URL{u}, nil
	case "http", "https":
		realtimeURL := appsync.RealtimeURL
		if strings.HasSuffix(strings.TrimRight(u.Path, "/"), "/event") {
			realtimeURL = events.RealtimeURL
		}
		realtime, err := realtimeURL(u)
		if err != nil {
			return nil, err
		}
		if realtime.Host == u.Host {
			return []*url.URL{realtime}, nil
		}
		return []*url.URL{realtime, u}, nil
	default:
		return nil, fmt.Errorf("%q must begin with wss://, ws://, https:// or http://", credentials.RedactURL(text))
	}
}

// localIPs are those that k6 understands by a list of addresses, ranges and CIDRs.
func localIPs(list string) ([]netip.Addr, error) {
	if list == "" {
		return nil, nil
	}
	pool, err := types.NewIPPool(list)
	if err != nil {
		return nil, err
	}
	const most = 1 << 10 // more than any machine is given
	var addresses []netip.Addr
	for i := range uint64(most) {
		address, _ := netip.AddrFromSlice(pool.GetIP(i))
		if i > 0 && address == addresses[0] { // the pool begins again
			break
		}
		addresses = append(addresses, address.Unmap())
	}
	return addresses, nil
}

// report prints a line for each finding. Its error says that the plan can't work.
func (o *doctorOptions) report(w io.Writer, found []doctor.Finding) error {
	var failed []string
	warnings := 0
	for _, f := range found {
		_, _ = fmt.Fprintln(w, f)
		switch f.Level {
		case doctor.Fail:
			failed = append(failed, f.Check)
		case doctor.Warn:
			warnings++
		case doctor.OK, doctor.Unknown:
		}
	}
	if len(failed) > 0 {
		err := fmt.Errorf("%d connections can't work here: %s", o.plan.Connections, strings.Join(slices.Compact(failed), ", "))
		return errext.WithExitCodeIfNone(err, 1)
	}
	_, _ = fmt.Fprintf(w, "%d connections can work here; warnings: %d\n", o.plan.Connections, warnings)
	return nil
}
