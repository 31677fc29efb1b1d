package cmd

import (
	"bufio"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"fittrackee/mail"
)

// config is all that an operator can decide at the start.
type config struct {
	db             string
	listen         string      // HOST:PORT
	uiURL          string      // public address, without a slash at its end
	mailer         mail.Mailer // nil: mail is off
	sessionLife    time.Duration
	trustedProxies []netip.Prefix
	attribution    string // HTML
	tileURL        string // with {z}, {x} and {y}; empty: no tiles
	logHandler     slog.Handler
	rateLimits     bool
	backupDir      string // empty: no backups
	backupEvery    time.Duration
	backupKeep     int
}

const defaultAttribution = `&copy; <a href="http://www.openstreetmap.org/copyright" target="_blank" ` +
	`rel="noopener noreferrer">OpenStreetMap</a> contributors`

// addServeFlags declares what can be configured, in the environment and a file too.
func addServeFlags(f *pflag.FlagSet) {
	addDBFlag(f)
	f.String("listen", "127.0.0.1:5000", "address to listen on, HOST:PORT")
	f.String("ui-url", "", "public address of this server, for the links in mails (default: http:// and the listen address)")
	f.String("smtp-url", "", "mail server: smtp://user:password@host:port, with ?tls=True for STARTTLS or ?ssl=True for implicit TLS; none: mail is off")
	f.String("mail-from", "", "address that mails come from")
	f.Int("token-days", 30, "how many days a login is good for")
	f.StringSlice("trusted-proxies", []string{"127.0.0.0/8", "::1/128"}, "networks of the proxies whose X-Forwarded-For counts")
	f.String("tile-url", "", "map tiles, such as https://tile.openstreetmap.org/{z}/{x}/{y}.png; without, maps have plain ground and nothing is fetched")
	f.String("tile-attribution", defaultAttribution, "HTML that names the source of the map tiles")
	f.String("backup-dir", "", "folder for backups that the server makes by itself, on another disk if possible; none: it makes none")
	f.Duration("backup-every", 24*time.Hour, "how old the newest backup may become before another one is made")
	f.Int("backup-keep", 7, "how many backups stay in the folder; the oldest are removed")
	f.String("log-level", "info", "debug, info, warn or error")
	f.String("log-format", "text", "text or json")
	f.Bool("no-rate-limit", false, "do not refuse callers who try too often; for tests only")
}

func addDBFlag(f *pflag.FlagSet) {
	f.String("db", "", "database file; uploads and the secret key lie beside it (default: fittrackee.db in the user's data folder)")
}

// secrets can also be read from a file that FITTRACKEE_…_FILE names.
var secrets = []string{"smtp-url", "tile-url"}

// configure sets the flags of c that the command line left out from the environment, and what is left then
// from the file that --config names.
func configure(c *cobra.Command) error {
	known := pflag.NewFlagSet("", pflag.ContinueOnError)
	addServeFlags(known)
	known.String("config", "", "")

	var problems []error
	fromEnvironment := func(f *pflag.Flag) {
		if f.Changed || known.Lookup(f.Name) == nil {
			return
		}
		value, source, err := environment(f.Name)
		if err == nil && source != "" {
			err = set(c.Flags(), f.Name, value, source)
		}
		if err != nil {
			problems = append(problems, err)
		}
	}
	c.Flags().VisitAll(fromEnvironment)
	if err := errors.Join(problems...); err != nil {
		return err
	}
	path, err := c.Flags().GetString("config")
	if err != nil || path == "" {
		return err
	}
	return readConfig(path, func(name, value, source string) error {
		if known.Lookup(name) == nil || name == "config" {
			return fmt.Errorf("%s: there is no setting %q", source, name)
		}
		if f := c.Flags().Lookup(name); f == nil || f.Changed {
			return nil // for another command, or overruled
		}
		return set(c.Flags(), name, value, source)
	})
}

func set(flags *pflag.FlagSet, name, value, source string) error {
	if err := flags.Set(name, value); err != nil {
		return fmt.Errorf("%s: %w", source, plainFlagError(err))
	}
	return nil
}

// environment returns the value of a flag in the environment, and the variable that it is from. An empty
// variable is like none, for that is what compose files make of unset ones.
func environment(name string) (value, source string, err error) {
	variable := "FITTRACKEE_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
	if value := os.Getenv(variable); value != "" {
		return value, variable, nil
	}
	path := os.Getenv(variable + "_FILE")
	if path == "" || !slices.Contains(secrets, name) {
		return "", "", nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return "", "", fmt.Errorf("%s_FILE: %w", variable, err)
	}
	return strings.TrimSpace(string(content)), variable + "_FILE", nil
}

// readConfig hands each setting of a file to f, together with where it stands.
func readConfig(path string, f func(name, value, source string) error) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("--config: %w", err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		source := fmt.Sprintf("%s, line %d", path, n)
		name, value, ok := strings.Cut(line, "=")
		if !ok || strings.ContainsAny(strings.TrimSpace(name), ": \t") { // not repeated: there may be a password in it
			return fmt.Errorf("%s: want \"name = value\"", source)
		}
		if err := f(strings.TrimSpace(name), strings.TrimSpace(value), source); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("--config: %w", err)
	}
	return nil
}

// databasePath returns the file that --db names, or the one in the user's data folder.
func databasePath(c *cobra.Command) (string, error) {
	if err := configure(c); err != nil {
		return "", err
	}
	path, err := c.Flags().GetString("db")
	if err != nil {
		return "", err
	}
	if path != "" {
		return filepath.Clean(path), nil
	}
	data := os.Getenv("XDG_DATA_HOME")
	if data == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", errors.New("--db: give a file, for there is no home folder to put one into")
		}
		data = filepath.Join(home, ".local", "share")
	}
	return filepath.Join(data, "fittrackee", "fittrackee.db"), nil
}

// readServeConfig returns the configuration of serve. An error names the flag, and says what would be right.
func readServeConfig(c *cobra.Command) (config, error) {
	db, err := databasePath(c)
	if err != nil {
		return config{}, err
	}
	text := func(name string) string { return c.Flag(name).Value.String() }
	v := config{db: db, listen: text("listen"), attribution: text("tile-attribution")}
	proxies, err := c.Flags().GetStringSlice("trusted-proxies")
	if err != nil {
		return v, err
	}
	days, err := c.Flags().GetInt("token-days")
	if err != nil {
		return v, err
	}
	noLimits, err := c.Flags().GetBool("no-rate-limit")
	if err != nil {
		return v, err
	}
	if err := checkListen(v.listen); err != nil {
		return v, err // the default of --ui-url is made from it
	}
	v.rateLimits = !noLimits
	v.sessionLife = time.Duration(days) * 24 * time.Hour
	return v, errors.Join(
		checkDays(days),
		v.setUIURL(text("ui-url")),
		v.setMailer(text("smtp-url"), text("mail-from")),
		v.setTrustedProxies(proxies),
		v.setTileURL(text("tile-url")),
		v.setBackups(c),
		v.setLogging(text("log-level"), text("log-format")),
	)
}

func checkDays(days int) error {
	if days < 1 || days > 3650 {
		return fmt.Errorf("--token-days %d: want 1 to 3650", days)
	}
	return nil
}

func checkListen(listen string) error {
	_, port, err := net.SplitHostPort(listen)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return fmt.Errorf("--listen %q: want HOST:PORT, such as 127.0.0.1:5000", listen)
	}
	return nil
}

func (v *config) setUIURL(text string) error {
	if text == "" {
		text = "http://" + reachable(v.listen)
	}
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return fmt.Errorf("--ui-url %q: want an address such as https://fit.example.com", text)
	}
	v.uiURL = strings.TrimRight(text, "/")
	return nil
}

// reachable returns an address that a browser on this machine can open.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if addr, err := netip.ParseAddr(host); host == "" || (err == nil && addr.IsUnspecified()) {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

func (v *config) setMailer(smtpURL, from string) error {
	switch {
	case smtpURL == "":
		return nil
	case from == "":
		return errors.New("--mail-from is missing: give the address that mails come from, such as fittrackee@example.com")
	}
	mailer, err := mail.NewSMTP(smtpURL, from)
	if err != nil {
		return fmt.Errorf("--smtp-url and --mail-from: %w", err)
	}
	v.mailer = mailer
	return nil
}

func (v *config) setTrustedProxies(texts []string) error {
	for _, text := range texts {
		prefix, err := netip.ParsePrefix(strings.TrimSpace(text))
		if addr, addrErr := netip.ParseAddr(strings.TrimSpace(text)); addrErr == nil {
			prefix, err = addr.Unmap().Prefix(addr.Unmap().BitLen())
		}
		if err != nil {
			return fmt.Errorf("--trusted-proxies %q: want addresses or networks, such as 10.0.0.0/8", text)
		}
		v.trustedProxies = append(v.trustedProxies, prefix.Masked())
	}
	return nil
}

func (v *config) setTileURL(text string) error {
	v.tileURL = text
	if text == "" {
		return nil
	}
	u, err := url.Parse(strings.NewReplacer("{s}", "a", "{z}", "1", "{x}", "1", "{y}", "1").Replace(text))
	isComplete := strings.Contains(text, "{z}") && strings.Contains(text, "{x}") && strings.Contains(text, "{y}")
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || !isComplete {
		return errors.New("--tile-url: want an address with {z}, {x} and {y}, such as https://tile.openstreetmap.org/{z}/{x}/{y}.png")
	}
	return nil
}

// setBackups reads when and where the server makes backups. Where they go has to be known.
func (v *config) setBackups(c *cobra.Command) error {
	every, err := c.Flags().GetDuration("backup-every")
	if err != nil {
		return err
	}
	keep, err := c.Flags().GetInt("backup-keep")
	if err != nil {
		return err
	}
	v.backupDir, v.backupEvery, v.backupKeep = c.Flag("backup-dir").Value.String(), every, keep
	for _, name := range []string{"backup-every", "backup-keep"} {
		if v.backupDir == "" && c.Flag(name).Changed {
			err = errors.Join(err, fmt.Errorf("--%s: say with --backup-dir where backups are to go", name))
		}
	}
	if every < time.Minute {
		err = errors.Join(err, fmt.Errorf("--backup-every %s: want 1m or more, such as 24h", every))
	}
	if keep < 1 {
		err = errors.Join(err, fmt.Errorf("--backup-keep %d: want 1 or more", keep))
	}
	return err
}

func (v *config) setLogging(level, format string) error {
	var o slog.HandlerOptions
	var l slog.Level
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, level) || l.UnmarshalText([]byte(level)) != nil {
		return fmt.Errorf("--log-level %q: want debug, info, warn or error", level)
	}
	o.Level = l
	switch format {
	case "text":
		v.logHandler = slog.NewTextHandler(os.Stderr, &o)
	case "json":
		v.logHandler = slog.NewJSONHandler(os.Stderr, &o)
	default:
		return fmt.Errorf("--log-format %q: want text or json", format)
	}
	return nil
}
