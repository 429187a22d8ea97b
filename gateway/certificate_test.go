package gateway_test

import (
	"crypto/x509"
	"testing"
	"time"

	"github.com/pushgw/xk6-pushgw/gateway"
	"github.com/stretchr/testify/require"
)

func TestACertificateIsForLoopback(t *testing.T) {
	t.Parallel()
	certificate, err := gateway.SelfSigned()
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(certificate.Certificate[0])
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	for name, good := range map[string]bool{"localhost": true, "127.0.0.1": true, "::1": true, "example.com": false, "127.0.0.2": false} {
		for at, valid := range map[time.Duration]bool{0: true, 29 * 24 * time.Hour: true, 31 * 24 * time.Hour: false, -2 * time.Hour: false} {
			_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name, CurrentTime: time.Now().Add(at)})
			require.Equal(t, good && valid, err == nil, "%s after %s: %v", name, at, err)
		}
	}
	another, err := gateway.SelfSigned()
	require.NoError(t, err)
	other, err := x509.ParseCertificate(another.Certificate[0])
	require.NoError(t, err)
	require.NotEqual(t, leaf.SerialNumber, other.SerialNumber)
}
