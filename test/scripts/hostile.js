// What a gateway that means no good can be asked for: DIALECT, URL and OPTIONS (JSON)
// say of whom, ACTS (with commas between) what, LISTENERS and HOLD how many and how long.
// Whatever comes of it is logged.
import { apigw, appsync, events } from 'k6/x/pushgw';

const LISTENERS = Number(__ENV.LISTENERS || 2);
const HOLD = Number(__ENV.HOLD || 150000); // milliseconds, unless the gateway closes first
const auth = { apiKey: 'da2-localpushgatewayapikey0001' };
const subscribes = __ENV.DIALECT !== 'apigw';

/** @type {any} */
const dialect = { apigw, appsync, events }[__ENV.DIALECT];
const ours = {
  apigw: {},
  appsync: {
    auth,
    subscription: { query: 'subscription { onCreateRoom { id title } }' },
    mutation: { query: 'mutation { createRoom(input: {title: "{{stamp}}"}) { id title } }' },
  },
  events: { auth, channel: 'default/a' },
}[__ENV.DIALECT];
const client = new dialect.Client(__ENV.URL, { ...ours, ...JSON.parse(__ENV.OPTIONS || '{}') });

/** @type {any} */
const scenarios = {};
for (const exec of __ENV.ACTS.split(',')) {
  scenarios[exec] = { executor: 'per-vu-iterations', exec, maxDuration: __ENV.MAX || '170s', gracefulStop: '0s' };
}
export const options = { scenarios };

// Listeners, without JavaScript for what they receive. Where there is a broadcast, they stay
// until it is over.
const until = __ENV.ACTS.includes('broadcast') ? { until: 'broadcast' } : {};
export const listen = () => outcome('listen', () => client.listen({ connections: LISTENERS, duration: HOLD, ...until }));

// A connection that the script drives.
export const drive = () =>
  outcome('drive', async () => {
    const host = await client.connect();
    const seen = { messages: 0, errors: 0, close: null };
    const closed = new Promise((resolve) => host.on('close', (close) => resolve((seen.close = close))));
    host.on('message', () => seen.messages++);
    host.on('error', () => seen.errors++);
    if (subscribes) await host.subscribe();
    const enough = setTimeout(() => host.close(), HOLD);
    await closed;
    clearTimeout(enough);
    return seen;
  });

// Broadcasts to the listeners.
export const broadcast = () =>
  outcome('broadcast', async () => {
    await client.ready({ listeners: LISTENERS, timeout: '30s' });
    return client.broadcast({ count: 3, rate: 20, settle: '10s' });
  });

// Broadcasts, whoever listens; one request over HTTP.
export const publish = () => outcome('publish', () => client.broadcast({ count: 10, settle: 0 }));
export const publishOne = () => outcome('publishOne', () => client.publish([1]));
export const publishOverSocket = () =>
  outcome('publishOverSocket', () => client.broadcast({ count: 10, batch: 5, settle: 0, publish: 'socket' }));
export const graphql = () => outcome('graphql', () => client.graphql({ query: '{ a }' }));

// Broadcasts that are long and many, to a gateway that may not read them.
export const shout = () =>
  outcome('shout', () => client.broadcast({ count: 5000, settle: 0, message: 'x'.repeat(20000) + '{{stamp}}' }));

/**
 * @param {string} act
 * @param {() => Promise<any>} call
 */
async function outcome(act, call) {
  try {
    console.log(JSON.stringify({ act, result: await call() }));
  } catch (e) {
    const { name, code, message } = /** @type {import('k6/x/pushgw').PushError} */ (e);
    console.log(JSON.stringify({ act, error: e instanceof Error, name, code, message }));
  }
}
