// Package command is `k6 x pushgw`: the subcommands that stand beside the JavaScript
// module.
package command

import (
	"github.com/spf13/cobra"
	"go.k6.io/k6/v2/cmd/state"
)

// New returns `k6 x pushgw`. k6 calls it whenever it runs, whatever for.
func New(gs *state.GlobalState) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "pushgw",
		Short: "Tools for load-testing AWS push gateways",
		Args:  cobra.NoArgs, // else a misspelt subcommand would be help, and success
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newServeCommand(gs), newDoctorCommand(gs), newReportCommand(gs))
	return cmd
}
