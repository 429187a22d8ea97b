package credentials

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

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

func TestNoKeysAnywhere(t *testing.T) {
	emptyEnvironment(t)
	_, err := retrieve(t, chain{region: "us-west-2"})
	require.Error(t, err)
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
