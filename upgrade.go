package pushgw

import (
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/pushgw/xk6-pushgw/internal/credentials"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// upgradeOptions are the options of upgrade requests that may differ from one connection to
// the next, as far as they do.
type upgradeOptions struct {
	fillURL      bool           // the URL has placeholders
	query        []namedVarying // further parameters of the URL
	header       []namedVarying
	subprotocols []varying // these also where they are constant
}

// namedVarying is a header, or a parameter of a query.
type namedVarying struct {
	name string
	varying
}

// readUpgradeOptions reads the options of upgrades that go to u. It returns the URL with what
// is constant of its query, and the constant headers.
func readUpgradeOptions(o *options, vs *varyings, u *url.URL) (upgrade upgradeOptions, base *url.URL, header http.Header) {
	base, header = u, make(http.Header)
	upgrade.fillURL = placeholder.MatchString(u.Path) || placeholder.MatchString(u.RawQuery)
	upgrade.subprotocols = readSubprotocols(o, vs)
	for _, parameter := range readEntries(o, vs, "query", nil) {
		if parameter.constant() {
			base = credentials.WithParameter(base, parameter.name, parameter.text)
		} else {
			upgrade.query = append(upgrade.query, parameter)
		}
	}
	for _, field := range readEntries(o, vs, "headers", checkHeader) {
		if field.constant() {
			header.Set(field.name, field.text)
		} else {
			upgrade.header = append(upgrade.header, field)
		}
	}
	return upgrade, base, header
}

// readEntries reads an object of varying values. Check, unless it is nil, returns what is
// wrong with an entry.
func readEntries(o *options, vs *varyings, key string, check func(name, value string) string) []namedVarying {
	value, ok := o.raw(key)
	if !ok {
		return nil
	}
	object, ok := asPlainObject(value)
	if !ok {
		o.fail(key, "must be an object of strings or functions, not %s", kind(value.Export()))
		return nil
	}
	entries := make([]namedVarying, 0, len(object.Keys()))
	for _, name := range object.Keys() {
		var checkValue func(string) string
		if check != nil {
			checkValue = func(value string) string { return check(name, value) }
			if reason := check(name, ""); reason != "" {
				o.fail(key, "%s", reason)
			}
		}
		entries = append(entries, namedVarying{name, vs.readValue(o, key, key+"."+name, object.Get(name), checkValue)})
	}
	return entries
}

// readSubprotocols reads which subprotocols are offered besides the dialect's own.
func readSubprotocols(o *options, vs *varyings) []varying {
	var subprotocols []varying
	for _, value := range o.values("subprotocols") {
		subprotocols = append(subprotocols, vs.readValue(o, "subprotocols", "subprotocols", value, checkSubprotocol))
	}
	return subprotocols
}

// checkSubprotocol says what is wrong with the name of a subprotocol, which is a token as
// the name of a header is (RFC 6455, section 4.1); empty if nothing is.
func checkSubprotocol(value string) string {
	if !httpguts.ValidHeaderFieldName(value) {
		return "must be names of subprotocols, without spaces, commas and the like"
	}
	return ""
}

// variesURL reports whether connections have URLs of their own.
func (u *upgradeOptions) variesURL() bool { return u.fillURL || len(u.query) > 0 }

// apply gives a connection's target what it has of its own.
func (u *upgradeOptions) apply(own *values, target *wire.Target) error {
	if u.fillURL {
		target.URL = fillURL(target.URL, own.value)
	}
	for i := range u.query {
		value, err := u.query[i].of(own)
		if err != nil {
			return err
		}
		target.URL = credentials.WithParameter(target.URL, u.query[i].name, value)
	}
	if len(u.header) > 0 {
		target.Header = target.Header.Clone()
	}
	for i := range u.subprotocols {
		value, err := u.subprotocols[i].of(own)
		if err != nil {
			return err
		}
		target.Subprotocols = append(target.Subprotocols, value)
	}
	return u.setHeader(own, target.Header)
}

// setHeader sets the header fields that differ from one connection to the next.
func (u *upgradeOptions) setHeader(own *values, header http.Header) error {
	for i := range u.header {
		value, err := u.header[i].of(own)
		if err != nil {
			return err
		}
		header.Set(u.header[i].name, value)
	}
	return nil
}

// fillURL returns a URL with the placeholders in its path and query replaced by their values.
func fillURL(u *url.URL, value func(placeholder string) string) *url.URL {
	filled := *u
	filled.Path = fill(u.Path, value)
	// Where a value has a slash, only the escaped path tells it from those between segments.
	escaped := strings.NewReplacer("%7B", "{", "%7D", "}").Replace(u.EscapedPath())
	filled.RawPath = fill(escaped, func(name string) string { return url.PathEscape(value(name)) })
	filled.RawQuery = fill(u.RawQuery, func(name string) string { return url.QueryEscape(value(name)) })
	return &filled
}
