package credentials

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// emptyEnvironment takes away whatever the machine has of keys.
func emptyEnvironment(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION", "AWS_ROLE_ARN",
		"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
	} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "config"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "credentials"))
}

func retrieve(t *testing.T, c chain) (aws.Credentials, error) {
	t.Helper()
	return newLazyKeys(c.load).Retrieve(t.Context())
}

func TestKeysOfTheEnvironment(t *testing.T) {
	emptyEnvironment(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_SESSION_TOKEN", "session")
	keys, err := retrieve(t, chain{})
	require.NoError(t, err)
	assert.Equal(t, []string{"id", "secret", "session"}, []string{keys.AccessKeyID, keys.SecretAccessKey, keys.SessionToken})
}

func TestKeysOfAProfile(t *testing.T) {
	emptyEnvironment(t)
	const profiles = "[default]\naws_access_key_id = d\naws_secret_access_key = s\n" +
		"[load]\naws_access_key_id = l\naws_secret_access_key = s\n"
	require.NoError(t, os.WriteFile(os.Getenv("AWS_SHARED_CREDENTIALS_FILE"), []byte(profiles), 0o600))
	for profile, want := range map[string]string{"": "d", "load": "l"} {
		keys, err := retrieve(t, chain{profile: profile})
		require.NoError(t, err)
		assert.Equal(t, want, keys.AccessKeyID)
	}
	_, err := retrieve(t, chain{profile: "other"})
	require.ErrorContains(t, err, "other")
}

// What expires within a minute is fetched anew, and what doesn't is kept.
func TestKeysAreRenewed(t *testing.T) {
	for left, want := range map[time.Duration]int64{time.Hour: 1, 2 * time.Minute: 1, 30 * time.Second: 3} {
		emptyEnvironment(t)
		var fetched atomic.Int64
		container := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fetched.Add(1)
			_, _ = fmt.Fprintf(w, `{"AccessKeyId":"id","SecretAccessKey":"secret","Token":"session","Expiration":%q}`,
				time.Now().Add(left).UTC().Format(time.RFC3339))
		}))
		t.Cleanup(container.Close)
		t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", container.URL)
		keys := newLazyKeys(chain{}.load)
		for range 3 {
			found, err := keys.Retrieve(t.Context())
			require.NoError(t, err)
			assert.Equal(t, "id", found.AccessKeyID)
		}
		assert.Equal(t, want, fetched.Load(), "%s", left)
	}
}

// A role is assumed in the API's region where nothing else says one.
func TestKeysOfARole(t *testing.T) {
	emptyEnvironment(t)
	const profiles = "[default]\naws_access_key_id = id\naws_secret_access_key = secret\n"
	const roles = "[profile load]\nrole_arn = arn:aws:iam::1:role/load\nsource_profile = default\n"
	require.NoError(t, os.WriteFile(os.Getenv("AWS_SHARED_CREDENTIALS_FILE"), []byte(profiles), 0o600))
	require.NoError(t, os.WriteFile(os.Getenv("AWS_CONFIG_FILE"), []byte(roles), 0o600))
	var authorization string
	sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		authorization = r.Header.Get("Authorization")
		w.Header().Set("Content-Type", "text/xml")
		_, _ = io.WriteString(w, `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>role</AccessKeyId>`+
			`<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>`+
			`</Credentials></AssumeRoleResult></AssumeRoleResponse>`)
	}))
	t.Cleanup(sts.Close)
	t.Setenv("AWS_ENDPOINT_URL_STS", sts.URL)
	keys, err := retrieve(t, chain{profile: "load", region: "eu-west-1"})
	require.NoError(t, err)
	assert.Equal(t, "role", keys.AccessKeyID)
	assert.Contains(t, authorization, "/eu-west-1/sts/aws4_request")
}

func TestNoKeysAnywhere(t *testing.T) {
	emptyEnvironment(t)
	_, err := retrieve(t, chain{region: "us-west-2"})
	require.ErrorContains(t, err, "AWS's SDK has found no keys. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile by AWS_PROFILE "+
		"or iam: { profile }, or give iam: { accessKeyId, secretAccessKey }. The SDK says: ")
}

// All clients of a process that use one profile share its keys.
func TestDefaultKeysAreShared(t *testing.T) {
	t.Parallel()
	assert.Same(t, DefaultKeys("shared", "r"), DefaultKeys("shared", "r"))
	assert.NotSame(t, DefaultKeys("shared", "r"), DefaultKeys("other", "r"))
}

// Keys are looked for when they are needed: once, unless nothing was found.
func TestKeysAreLookedForLate(t *testing.T) {
	t.Parallel()
	looked, unreadable := 0, errors.New("unreadable")
	keys := newLazyKeys(func(context.Context) (aws.CredentialsProvider, error) {
		if looked++; looked == 1 {
			return nil, unreadable
		}
		return credentials.NewStaticCredentialsProvider("id", "secret", ""), nil
	})
	assert.Zero(t, looked)
	_, err := keys.Retrieve(t.Context())
	require.ErrorIs(t, err, unreadable)
	for range 3 {
		found, err := keys.Retrieve(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "id", found.AccessKeyID)
	}
	assert.Equal(t, 2, looked)
}
