package cmd

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	// Passwords typed on a terminal are not to be seen on it.
	"golang.org/x/term"

	"fittrackee/auth"
	"fittrackee/store"
)

func newUsers() *cobra.Command {
	c := &cobra.Command{
		Use:   "users",
		Short: "Manage accounts, also while the server runs",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	addDBFlag(c.PersistentFlags())
	c.AddCommand(newUsersCreate(), newUsersUpdate(), newUsersList(), newUsersRelease())
	return c
}

func newUsersCreate() *cobra.Command {
	var r auth.Registration
	var isAdmin bool
	c := &cobra.Command{
		Use:   "create NAME --email ADDRESS",
		Short: "Make an account that is active at once",
		Long: `Make an account that is active at once. Without --password the password is asked for on the terminal; an
empty answer, or no terminal, has one made and printed.`,
		Args: oneName,
		RunE: func(c *cobra.Command, args []string) error {
			r.Username = args[0]
			var isMade bool
			if !c.Flags().Changed("password") {
				var err error
				if r.Password, isMade, err = askPassword(c.ErrOrStderr()); err != nil {
					return err
				}
			}
			if err := r.Check(); err != nil {
				return err
			}
			err := withStore(c, true, func(s *store.Store) error { return auth.AddUser(c.Context(), s, r, isAdmin) })
			if err != nil {
				return err
			}
			role := "account"
			if isAdmin {
				role = "administrator"
			}
			return report(c, fmt.Sprintf("%s %s created", role, r.Username), r.Password, isMade)
		},
	}
	c.Flags().StringVar(&r.Email, "email", "", "address to log in with (required)")
	c.Flags().StringVar(&r.Password, "password", "", "password; it shows in the list of processes and the shell's history")
	c.Flags().BoolVar(&isAdmin, "admin", false, "make it an administrator")
	c.Flags().StringVar(&r.Language, "lang", "en", "language of its mails, such as en, fr or de")
	if err := c.MarkFlagRequired("email"); err != nil {
		panic(err) // the flag is declared above
	}
	return c
}

// report prints what was done, and the password if it was made here.
func report(c *cobra.Command, done, password string, isMade bool) error {
	if isMade {
		done += "\npassword: " + password
	}
	_, err := fmt.Fprintln(c.OutOrStdout(), done)
	return err
}

// askPassword asks for a password twice on the terminal, and makes one when there is no terminal or no answer.
func askPassword(prompt io.Writer) (password string, isMade bool, err error) {
	terminal := int(os.Stdin.Fd())
	if !term.IsTerminal(terminal) {
		return auth.MakePassword(), true, nil
	}
	ask := func(question string) (string, error) {
		fmt.Fprint(prompt, question)
		answer, err := term.ReadPassword(terminal)
		fmt.Fprintln(prompt)
		return string(answer), err
	}
	password, err = ask("Password (leave empty to have one made): ")
	if err != nil {
		return "", false, fmt.Errorf("read the password: %w", err)
	}
	if password == "" {
		return auth.MakePassword(), true, nil
	}
	again, err := ask("Once more: ")
	if err != nil {
		return "", false, fmt.Errorf("read the password: %w", err)
	}
	if again != password {
		return "", false, errors.New("the two passwords differ")
	}
	return password, false, nil
}

func newUsersUpdate() *cobra.Command {
	var up auth.UserUpdate
	var setAdmin string
	var resetPassword bool
	c := &cobra.Command{
		Use:   "update NAME",
		Short: "Change an account",
		Args:  oneName,
		RunE: func(c *cobra.Command, args []string) error {
			var done []string
			if c.Flags().Changed("set-admin") {
				isAdmin, err := strconv.ParseBool(setAdmin)
				if err != nil {
					return fmt.Errorf("--set-admin %q: want true or false", setAdmin)
				}
				up.IsAdmin = &isAdmin
				done = append(done, map[bool]string{true: "administrator, active", false: "no administrator"}[isAdmin])
			}
			if up.Activate && (up.IsAdmin == nil || !*up.IsAdmin) {
				done = append(done, "active")
			}
			if resetPassword {
				up.Password = auth.MakePassword()
				done = append(done, "new password, logged out everywhere")
			}
			if up.Email != "" {
				done = append(done, "address "+up.Email)
			}
			if len(done) == 0 {
				return errors.New("nothing to change: give --set-admin, --activate, --reset-password or --update-email")
			}
			err := withStore(c, false, func(s *store.Store) error { return auth.UpdateUser(c.Context(), s, args[0], up) })
			if err != nil {
				return err
			}
			return report(c, fmt.Sprintf("%s updated: %s", args[0], strings.Join(done, ", ")), up.Password, resetPassword)
		},
		ValidArgsFunction: completeUsername,
	}
	c.Flags().StringVar(&setAdmin, "set-admin", "", "true or false: give or take an administrator's rights")
	c.Flags().BoolVar(&up.Activate, "activate", false, "let the account log in without a confirmed address")
	c.Flags().BoolVar(&resetPassword, "reset-password", false, "make and print a new password, and log the account out everywhere")
	c.Flags().StringVar(&up.Email, "update-email", "", "new address, taken at once")
	return c
}

// completeUsername offers the usernames there are, for the shell.
func completeUsername(c *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []cobra.Completion
	err := withStore(c, false, func(s *store.Store) error {
		all, err := s.Users(c.Context())
		for _, u := range all {
			names = append(names, u.Username)
		}
		return err
	})
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func newUsersList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the accounts",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return withStore(c, false, func(s *store.Store) error {
				users, err := s.Users(c.Context())
				if err != nil {
					return err
				}
				held, err := s.HeldNames(c.Context())
				if err != nil {
					return err
				}
				return printUsers(c.OutOrStdout(), users, held)
			})
		},
	}
}

func printUsers(out io.Writer, users []store.User, held []string) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tADDRESS\tADMIN\tACTIVE\tCREATED")
	yes := map[bool]string{true: "yes", false: "no"}
	for _, u := range users {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n",
			u.Username, u.Email, yes[u.IsAdmin], yes[u.IsActive], u.CreatedAt.Format(time.DateOnly))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if len(held) == 0 {
		return nil
	}
	_, err := fmt.Fprintf(out, `
Names that are held, because they were registered with an address that has an account: %s
"users release NAME" lets one be registered again.
`, strings.Join(held, ", "))
	return err
}

func newUsersRelease() *cobra.Command {
	return &cobra.Command{
		Use:   "release NAME",
		Short: "Let a held username be registered again",
		Long: `Let a username be registered again that is held because somebody registered it with an address which already
had an account. "users list" shows such names.`,
		Args: oneName,
		RunE: func(c *cobra.Command, args []string) error {
			err := withStore(c, false, func(s *store.Store) error { return s.ReleaseName(c.Context(), args[0]) })
			if errors.Is(err, store.ErrMissing) {
				return fmt.Errorf("the name %q is not held", args[0])
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s can be registered again\n", args[0])
			return err
		},
	}
}
