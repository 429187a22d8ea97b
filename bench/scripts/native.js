// What the benchmark measures: listeners of the extension, many to a VU or one.
// It says where it has got to by lines that begin with MARK.
import { apigw, appsync } from 'k6/x/pushgw';

const LISTENERS = Number(__ENV.LISTENERS);
const PER_VU = Number(__ENV.PER_VU);
const BROADCASTS = Number(__ENV.BROADCASTS);
const RATE = Number(__ENV.RATE);
const HOLD = 20 + LISTENERS / 1000 + (BROADCASTS && BROADCASTS / RATE); // s
const connectRate = 1000; // as the plain script has it

const client = __ENV.GATEWAY === 'appsync'
  ? new appsync.Client(__ENV.APPSYNC_URL, {
    connectRate,
    auth: { apiKey: __ENV.API_KEY },
    subscription: { query: 'subscription { onCreateRoom { __typename id title } }' },
    mutation: {
      query: 'mutation($t: String!) { createRoom(input: { title: $t }) { id title } }',
      variables: { t: 'room-{{stamp}}' },
    },
  })
  : new apigw.Client(__ENV.APIGW_URL, { connectRate });

export const options = {
  insecureSkipTLSVerify: true,
  summaryTrendStats: ['avg', 'p(50)', 'p(95)', 'max', 'count'],
  // Nothing is measured where the gateway hangs up, or isn't reached.
  thresholds: { 'pushgw_closed{by:gateway}': ['count==0'], pushgw_unsent: ['count==0'], pushgw_missed: ['count==0'] },
  scenarios: {
    listener: { executor: 'per-vu-iterations', vus: LISTENERS / PER_VU, exec: 'listener', startTime: '2s', maxDuration: '1h' },
    broadcast: { executor: 'per-vu-iterations', vus: 1, exec: 'broadcast', maxDuration: '1h' },
  },
};

// Returning the promise costs a VU two kilobytes less than awaiting it.
export function listener() {
  return client.listen({ connections: PER_VU, duration: `${HOLD}s` });
}

export async function broadcast() {
  console.log('MARK begin');
  await client.ready({ listeners: LISTENERS, timeout: '5m' });
  await new Promise((done) => setTimeout(done, 2000)); // importing k6's sleep would cost every VU some kilobytes
  console.log('MARK ready');
  if (BROADCASTS > 0) {
    const result = await client.broadcast({ count: BROADCASTS, rate: RATE });
    console.log('MARK heard');
    console.log(`RECEIVED ${result.received}`);
  }
}
