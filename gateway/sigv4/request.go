package sigv4

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// FromHTTP returns an HTTP request as a signature covers it.
func FromHTTP(r *http.Request, body []byte) Request {
	return Request{
		Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Header: Header(r), Body: body,
	}
}

// Header returns the header fields of an HTTP request, by names in lower case.
func Header(r *http.Request) map[string]string {
	header := map[string]string{"host": r.Host}
	for name, values := range r.Header {
		header[strings.ToLower(name)] = strings.Join(values, ",")
	}
	return header
}

// signature reads what a request says of its signature.
func (r Request) signature() (signature, *Error) {
	if query, err := url.ParseQuery(r.Query); err == nil && query.Has("X-Amz-Signature") {
		return read(query.Get("X-Amz-Credential"), signature{
			date: query.Get("X-Amz-Date"), headers: strings.Split(query.Get("X-Amz-SignedHeaders"), ";"),
			signature: query.Get("X-Amz-Signature"), inQuery: true,
		})
	}
	parts := map[string]string{}
	rest, ok := strings.CutPrefix(r.Header["authorization"], algorithm+" ")
	if !ok {
		return signature{}, &Error{incomplete, "Authorization header requires the algorithm '" + algorithm + "'."}
	}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		parts[name] = value
	}
	for _, name := range []string{"Credential", "Signature", "SignedHeaders"} {
		if parts[name] == "" {
			return signature{}, &Error{incomplete, "Authorization header requires '" + name + "' parameter."}
		}
	}
	return read(parts["Credential"], signature{
		date: r.Header["x-amz-date"], headers: strings.Split(parts["SignedHeaders"], ";"), signature: parts["Signature"],
	})
}

// read completes a signature with what the credential says.
func read(credential string, s signature) (signature, *Error) {
	parts := strings.Split(credential, "/")
	if len(parts) != 5 || parts[4] != terminator {
		return s, &Error{incomplete, fmt.Sprintf("Credential must have 5 parts, of which the last is '%s'.", terminator)}
	}
	s.accessKeyID, s.day, s.region, s.service = parts[0], parts[1], parts[2], parts[3]
	return s, nil
}

// canonicalQuery returns a query sorted and escaped in one way. A signature that is in
// the query isn't part of what is signed.
func canonicalQuery(query string, inQuery bool) string {
	var pairs []string
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if pair == "" || inQuery && name == "X-Amz-Signature" {
			continue
		}
		pairs = append(pairs, escape(unescape(name), "")+"="+escape(unescape(value), ""))
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}

func unescape(text string) string {
	plain, err := url.QueryUnescape(text)
	if err != nil {
		return text
	}
	return plain
}

// escape escapes all but what RFC 3986 calls unreserved, and the bytes to keep.
func escape(text, keep string) string {
	const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
	var b strings.Builder
	for _, c := range []byte(text) {
		if strings.IndexByte(unreserved, c) >= 0 || strings.IndexByte(keep, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
