package credentials

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
)

// DefaultKeys returns the keys that AWS's SDKs find by themselves: in the environment, in
// the files of a profile, or where the machine gets those of its role. All who ask in one
// process share them. They are first looked for when a request is signed, because some of
// these places are on the network; what is found is kept until it is about to expire. An
// empty profile is the default. The region is for the services that give out keys, where
// nothing else says one.
func DefaultKeys(profile, region string) aws.CredentialsProvider {
	key := chain{profile, region}
	keys, _ := chains.LoadOrStore(key, newLazyKeys(key.load))
	provider, _ := keys.(aws.CredentialsProvider)
	return provider
}

// chains holds what DefaultKeys has returned.
var chains sync.Map

// chain is how the SDK's default chain begins.
type chain struct{ profile, region string }

// expiryWindow is how long before they expire keys are fetched anew.
const expiryWindow = time.Minute

// load returns the provider that the SDK's default chain leads to.
func (c chain) load(ctx context.Context) (aws.CredentialsProvider, error) {
	found, err := config.LoadDefaultConfig(ctx,
		config.WithSharedConfigProfile(c.profile),
		config.WithDefaultRegion(c.region),
		config.WithCredentialsCacheOptions(func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = expiryWindow }))
	return found.Credentials, err
}

// lazyKeys are keys whose provider is looked for when it is first needed.
type lazyKeys struct {
	load func(context.Context) (aws.CredentialsProvider, error)

	mu       sync.Mutex
	provider aws.CredentialsProvider // nil until it is found
}

func newLazyKeys(load func(context.Context) (aws.CredentialsProvider, error)) *lazyKeys {
	return &lazyKeys{load: load}
}

// Retrieve implements aws.CredentialsProvider.
func (k *lazyKeys) Retrieve(ctx context.Context) (aws.Credentials, error) {
	provider, err := k.find(ctx)
	if err != nil {
		return aws.Credentials{}, noKeysError(err)
	}
	keys, err := provider.Retrieve(ctx)
	if err != nil {
		return aws.Credentials{}, noKeysError(err)
	}
	return keys, nil
}

// noKeysError adds to the SDK's error what can be done, because the SDK names only the last
// place in which it looked.
func noKeysError(err error) error {
	return fmt.Errorf("AWS's SDK has found no keys. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile by AWS_PROFILE "+
		"or iam: { profile }, or give iam: { accessKeyId, secretAccessKey }. The SDK says: %w", err)
}

func (k *lazyKeys) find(ctx context.Context) (aws.CredentialsProvider, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.provider != nil {
		return k.provider, nil
	}
	provider, err := k.load(ctx)
	if err == nil {
		k.provider = provider
	}
	return provider, err
}
