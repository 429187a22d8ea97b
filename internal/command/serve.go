package command

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/pushgw/xk6-pushgw/gateway"
	"github.com/pushgw/xk6-pushgw/gateway/events"
	"github.com/pushgw/xk6-pushgw/gateway/fault"
	"github.com/pushgw/xk6-pushgw/gateway/routes"
	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"
	"go.k6.io/k6/v2/cmd/state"
)

// serveOptions are the flags of `k6 x pushgw serve`.
type serveOptions struct {
	address string
	tls     bool
	tlsCert string // files
	tlsKey  string
	routes  string
	issuer  bool
	schema  string
	denied  []string
	config  gateway.Config
}

// newServeCommand is `k6 x pushgw serve`, the local gateway.
func newServeCommand(gs *state.GlobalState) *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run a local push gateway: API Gateway with the chat application, AppSync and AppSync Events",
		// k6 has a flag --address of its own, whose text is the one that help shows.
		Long: "Run a local push gateway: API Gateway with the blog's chat application, AppSync and AppSync Events.\n" +
			"Here --address is the host and port that it listens on, 127.0.0.1:8090 by default; port 0 takes a free one.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(cmd); err != nil {
				return err
			}
			return serve(gs, o)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.address, "address", "127.0.0.1:8090", "host and port to listen on; port 0 takes a free one")
	flags.BoolVar(&o.tls, "tls", false, "serve wss and https, with a certificate of its own making unless --tls-cert names one")
	flags.StringVar(&o.tlsCert, "tls-cert", "", "file with the certificate for --tls, PEM")
	flags.StringVar(&o.tlsKey, "tls-key", "", "file with its key, PEM")
	flags.StringVar(&o.config.Stage, "stage", gateway.Stage, "API Gateway's only stage")
	flags.StringVar(&o.routes, "routes", "", "file with the routes of API Gateway's application, in place of the chat")
	flags.StringVar(&o.config.APIKey, "api-key", gateway.APIKey, "API key of AppSync and Events; where it is given, API Gateway demands it too, or what the next flags allow")
	flags.StringVar(&o.config.Token, "token", "", "token that is let in; API Gateway then demands one, or a signature")
	flags.BoolVar(&o.issuer, "issuer", false, "make JSON Web Tokens at /token and let them in; API Gateway then demands one, or what the other flags allow")
	flags.StringVar(&o.config.Keys.AccessKeyID, "access-key-id", "", "IAM key whose signatures are let in; API Gateway then demands one, or a token")
	flags.StringVar(&o.config.Keys.SecretAccessKey, "secret-access-key", "", "the key itself")
	flags.StringVar(&o.config.Keys.Region, "region", "us-east-1", "region that signatures are for")
	flags.StringVar(&o.schema, "schema", "", "file with AppSync's schema, in place of the blog's; each mutation answers with its input")
	flags.StringSliceVar(&o.denied, "deny", nil, "AppSync fields that nobody is authorized to use, like Mutation.createRoom")
	flags.DurationVar(&o.config.AckDelay, "ack-delay", 5*time.Millisecond, "time from AppSync's connection_init to its connection_ack, in which messages are ignored")
	flags.IntVar(&o.config.AppSyncRate, "appsync-rate", 0, "AppSync's requests a second, and starts a second, beyond which it refuses them; 0 is unlimited")
	flags.BoolVar(&o.config.SingleErrors, "single-errors", false, "AppSync's errors of exceeded limits are an object instead of a list")
	flags.IntVar(&o.config.Fanout, "fanout", 1, "posts of a chat broadcast that run side by side")
	flags.DurationVar(&o.config.PostTime, "post-time", 0, "how much longer each of these posts takes; about 10ms on AWS")
	flags.BoolVar(&o.config.Concurrent, "concurrent", false, "handle the messages of an API Gateway connection at the same time, as AWS does")
	flags.BoolVar(&o.config.Compression, "compression", false, "negotiate permessage-deflate on API Gateway, as AWS does")
	flags.DurationVar(&o.config.IdleTimeout, "idle-timeout", gateway.IdleTimeout, "how long an API Gateway connection may be idle")
	flags.DurationVar(&o.config.Lifetime, "lifetime", gateway.Lifetime, "how long an API Gateway connection may last")
	flags.StringSliceVar(&o.config.Namespaces, "namespaces", []string{"default"}, "namespaces of AppSync Events' channels")
	flags.Float64Var(&o.config.PublishRate, "publish-rate", 25, "requests to publish a second over one connection to AppSync Events")
	flags.DurationVar(&o.config.KeepAlive, "keep-alive", time.Minute, "time from one ka of AppSync to the next")
	for _, key := range fault.Keys() {
		if key.Flag != "" {
			flags.String(key.Flag, "", "fault: "+key.Usage)
		}
	}
	flags.Lookup("stop-keep-alive").NoOptDefVal = "true"
	return cmd
}

// stageName is what a stage can be called (the API reference of CreateStage).
var stageName = regexp.MustCompile(`^([A-Za-z0-9_-]+|\$default)$`)

// check completes the options, or says which flag can't be as it is.
func (o *serveOptions) check(cmd *cobra.Command) error {
	if !cmd.Flags().Changed("api-key") {
		o.config.APIKey = "" // the default one, which API Gateway doesn't demand
	}
	switch {
	case o.config.Fanout < 1:
		return fmt.Errorf("--fanout: must be 1 or more, not %d", o.config.Fanout)
	case o.config.PostTime < 0:
		return fmt.Errorf("--post-time: must be zero or longer, not %s", o.config.PostTime)
	case o.config.AckDelay < 0:
		return fmt.Errorf("--ack-delay: must be zero or longer, not %s", o.config.AckDelay)
	case o.config.AppSyncRate < 0:
		return fmt.Errorf("--appsync-rate: must be zero or more, not %d", o.config.AppSyncRate)
	case o.config.KeepAlive <= 0:
		return fmt.Errorf("--keep-alive: must be longer than zero, not %s", o.config.KeepAlive)
	case !(o.config.PublishRate > 0): // NaN isn't either
		return fmt.Errorf("--publish-rate: must be more than zero, not %v", o.config.PublishRate)
	case (o.config.Keys.AccessKeyID == "") != (o.config.Keys.SecretAccessKey == ""):
		return errors.New("--access-key-id and --secret-access-key: one can't be without the other")
	}
	for _, read := range []func() error{o.checkAddress, o.readSchema, o.readRoutes} {
		if err := read(); err != nil {
			return err
		}
	}
	if err := o.checkNamespaces(); err != nil {
		return err
	}
	return o.readFaults(cmd)
}

func (o *serveOptions) checkNamespaces() error {
	for _, name := range o.config.Namespaces {
		if !events.IsNamespace(name) {
			return fmt.Errorf("--namespaces: %q has other characters than letters, digits and dashes, or more than 50", name)
		}
	}
	return nil
}

// checkAddress returns which flag of those can't be that say where the gateway is and how
// long connections last.
func (o *serveOptions) checkAddress() error {
	switch {
	case o.address == "":
		return errors.New("--address: must be a host and a port, not empty")
	case !stageName.MatchString(o.config.Stage):
		return fmt.Errorf("--stage: must be letters, digits, - and _, or $default, not %q", o.config.Stage)
	case slices.Contains([]string{"graphql", "stats", "faults", "event", "token"}, o.config.Stage):
		return fmt.Errorf("--stage: %s is an address of its own here", o.config.Stage)
	case o.config.IdleTimeout <= 0:
		return fmt.Errorf("--idle-timeout: must be longer than zero, not %s", o.config.IdleTimeout)
	case o.config.Lifetime <= 0:
		return fmt.Errorf("--lifetime: must be longer than zero, not %s", o.config.Lifetime)
	case (o.tlsCert == "") != (o.tlsKey == ""):
		return errors.New("--tls-cert and --tls-key: one can't be without the other")
	case o.tlsCert != "" && !o.tls:
		return errors.New("--tls-cert: is for --tls only")
	default:
		return nil
	}
}

// readRoutes reads the file that --routes names.
func (o *serveOptions) readRoutes() error {
	if o.routes == "" {
		return nil
	}
	file, err := os.Open(o.routes)
	if err != nil {
		return fmt.Errorf("--routes: %w", err)
	}
	defer func() { _ = file.Close() }()
	if o.config.Routes, err = routes.Read(file); err != nil {
		return fmt.Errorf("--routes: %s: %w", o.routes, err)
	}
	return nil
}

func (o *serveOptions) readSchema() (err error) {
	if o.config.Schema, err = gateway.LoadSchema(o.schema); err != nil {
		return fmt.Errorf("--schema: %w", err)
	}
	if err := o.config.Schema.Deny(o.denied); err != nil {
		return fmt.Errorf("--deny: %w", err)
	}
	return nil
}

func (o *serveOptions) readFaults(cmd *cobra.Command) error {
	var change fault.Change
	for _, key := range fault.Keys() {
		flag := cmd.Flags().Lookup(key.Flag)
		if flag == nil || !flag.Changed {
			continue
		}
		if err := change.Set(key.Name, flag.Value.String()); err != nil {
			return fmt.Errorf("--%s: %w", key.Flag, err)
		}
	}
	o.config.Faults = change.Settings
	return nil
}

// serve runs the gateway until the process is told to stop.
func serve(gs *state.GlobalState, o serveOptions) error {
	// Probes of TCP's for very many connections would be dropped, and the connections
	// with them; see internal/wire.
	quiet := net.ListenConfig{KeepAlive: -1}
	listener, err := quiet.Listen(gs.Ctx, "tcp", o.address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("--address: %s is in use; choose another port, or 0 for a free one", o.address)
	}
	if err != nil {
		return fmt.Errorf("--address: %w", err)
	}
	if o.issuer {
		o.config.Issuer = o.url(listener.Addr())
	}
	o.config.Refused = func(why string) {
		gs.Logger.Warnf("API Gateway refused a connection: %s (each cause is logged once)", why)
	}
	g := gateway.New(o.config)
	defer g.Close()
	if o.tls {
		certificate, err := o.certificate()
		if err != nil {
			return errors.Join(err, listener.Close())
		}
		listener = tls.NewListener(listener, &tls.Config{
			Certificates:       []tls.Certificate{certificate},
			GetConfigForClient: g.SlowTLS,
			MinVersion:         tls.VersionTLS12,
		})
	}
	o.print(gs.Stdout, listener.Addr())
	return run(gs, g.Handler(), listener)
}

// certificate returns the user's certificate, or a new one.
func (o *serveOptions) certificate() (tls.Certificate, error) {
	if o.tlsCert == "" {
		return gateway.SelfSigned()
	}
	certificate, err := tls.LoadX509KeyPair(o.tlsCert, o.tlsKey)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("--tls-cert: %w", err)
	}
	return certificate, nil
}

// run serves until SIGINT or SIGTERM.
func run(gs *state.GlobalState, handler http.Handler, listener net.Listener) error {
	const patience = time.Second // for requests under way
	complaints := gs.Logger.WriterLevel(logrus.DebugLevel)
	defer func() { _ = complaints.Close() }()
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          log.New(complaints, "", 0),
	}
	stop := make(chan os.Signal, 1)
	gs.SignalNotify(stop, os.Interrupt, syscall.SIGTERM)
	defer gs.SignalStop(stop)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-stop:
	case <-gs.Ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return server.Close()
	}
	return nil
}

// print tells where everything is. The last line begins with "ready".
func (o *serveOptions) print(w io.Writer, address net.Addr) {
	url := o.url(address)
	_, _ = fmt.Fprintf(w, `API Gateway  ws%[1]s/%[4]s
AppSync      %[2]s/graphql
Events       %[2]s/event
             API key %[3]s, for AppSync and Events
`, strings.TrimPrefix(url, "http"), url, cmp.Or(o.config.APIKey, gateway.APIKey), o.config.Stage)
	if demanded := o.demanded(); demanded != "" {
		_, _ = fmt.Fprintf(w, "             API Gateway demands %s\n", demanded)
	}
	if o.issuer {
		_, _ = fmt.Fprintf(w, "tokens       %s/token?sub=me&expires=1h\n", url)
	}
	_, _ = fmt.Fprintf(w, `ground truth %[1]s/stats
faults       %[1]s/faults
ready on %[2]s
`, url, address)
}

// demanded is what API Gateway's side asks of a connection; empty if it lets in everybody.
func (o *serveOptions) demanded() string {
	var ways []string
	if o.config.APIKey != "" {
		ways = append(ways, "the API key")
	}
	if o.config.Token != "" || o.issuer {
		ways = append(ways, "a token")
	}
	if o.config.Keys.AccessKeyID != "" {
		ways = append(ways, "a signature")
	}
	return strings.Join(ways, " or ")
}

// url is where the gateway is.
func (o *serveOptions) url(address net.Addr) string {
	if o.tls {
		return "https://" + address.String()
	}
	return "http://" + address.String()
}
