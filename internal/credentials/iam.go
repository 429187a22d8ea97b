package credentials

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// The names by which services are signed for.
const (
	ServiceAppSync    = "appsync"
	ServiceAPIGateway = "execute-api"
)

// IAM signs requests with the keys of an IAM user or role, by AWS's Signature Version 4.
type IAM struct {
	// Keys returns the keys to sign with. It is asked for each request, because keys
	// of a role expire.
	Keys aws.CredentialsProvider
	// Service and Region are what a signature is good for.
	Service, Region string

	signer *v4.Signer
	now    func() time.Time
}

var _ QueryCredentials = (*IAM)(nil)

// NewIAM returns credentials that sign with these keys.
func NewIAM(keys aws.CredentialsProvider, service, region string) *IAM {
	return &IAM{Keys: keys, Service: service, Region: region, signer: v4.NewSigner(), now: time.Now}
}

// Authorize implements Credentials. Its fields come in the order of "Header parameter
// format" in AppSync's developer guide.
func (i *IAM) Authorize(ctx context.Context, request Request) ([]Field, error) {
	keys, err := i.keys(ctx)
	if err != nil {
		return nil, err
	}
	r := request.unsigned()
	if err := i.signer.SignHTTP(ctx, keys, r, hashOf(request.Body), i.Service, i.Region, i.now()); err != nil {
		return nil, err
	}
	fields := append(make([]Field, 0, len(request.Header)+4), request.Header...)
	fields = append(fields,
		Field{"host", r.Host},
		Field{"x-amz-date", r.Header.Get("X-Amz-Date")},
		Field{"Authorization", r.Header.Get("Authorization")})
	if keys.SessionToken != "" {
		fields = append(fields, Field{"X-Amz-Security-Token", keys.SessionToken})
	}
	return fields, nil
}

// AuthorizeQuery implements QueryCredentials: it returns a presigned URL.
func (i *IAM) AuthorizeQuery(ctx context.Context, request Request, _ string) (*url.URL, error) {
	keys, err := i.keys(ctx)
	if err != nil {
		return nil, err
	}
	signed, _, err := i.signer.PresignHTTP(ctx, keys, request.unsigned(), hashOf(request.Body), i.Service, i.Region, i.now())
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(signed)
	if err != nil {
		return nil, errors.New("the presigned URL is none") // without showing it
	}
	return u, nil
}

// Constant implements Credentials: a signature has a date, and covers the request.
func (*IAM) Constant() bool { return false }

func (i *IAM) keys(ctx context.Context) (aws.Credentials, error) {
	keys, err := i.Keys.Retrieve(ctx)
	if err != nil {
		return keys, fmt.Errorf("no IAM credentials: %w", err)
	}
	return keys, nil
}

// unsigned returns the request as the signer takes it.
func (r Request) unsigned() *http.Request {
	header := make(http.Header, len(r.Header))
	for _, field := range r.Header {
		header.Set(field.Name, field.Value)
	}
	u, host := *r.URL, r.Host
	if host == "" {
		host = u.Host
	}
	return &http.Request{Method: r.Method, URL: &u, Host: host, Header: header}
}

func hashOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// RegionOf returns the region that is part of the host names which AWS gives to APIs;
// empty if the host is another, such as a custom domain.
func RegionOf(host string) string {
	labels := strings.Split(strings.ToLower(host), ".")
	if len(labels) < 5 || labels[3] != "amazonaws" {
		return ""
	}
	switch labels[1] {
	case "appsync-api", "execute-api":
		return labels[2]
	default:
		return ""
	}
}
