// Opens listeners at an even pace, holds them and takes them down: the connection test
// of AWS's published benchmark. Run by execution segments, each process does its share.
import { apigw, appsync } from 'k6/x/pushgw';

const LISTENERS = Number(__ENV.LISTENERS); // of the whole test, as is all that follows
const PER_VU = Number(__ENV.PER_VU);
const RAMP = Number(__ENV.RAMP); // s
const HOLD = Number(__ENV.HOLD); // s
const connectRate = LISTENERS / RAMP;

const client = __ENV.GATEWAY === 'appsync'
  ? new appsync.Client(__ENV.APPSYNC_URL, {
    connectRate,
    auth: { apiKey: __ENV.API_KEY },
    subscription: { query: 'subscription { onCreateRoom { __typename id title } }' },
  })
  : new apigw.Client(__ENV.APIGW_URL, { connectRate });

export const options = {
  // Held is what the gateway didn't hang up on.
  thresholds: { 'pushgw_closed{by:gateway}': ['count==0'] },
  scenarios: {
    listener: { executor: 'per-vu-iterations', vus: LISTENERS / PER_VU, gracefulStop: '30s', maxDuration: '2h' },
  },
};

export default async function () {
  await client.listen({ connections: PER_VU, duration: `${RAMP + HOLD}s` });
}
