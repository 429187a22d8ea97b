// The connection test of AWS's published benchmark, for AppSync: connections come, stay
// and go, one per VU, each with a subscription. How many does it hold, how fast?
//
//   ./k6 run -e APPSYNC_URL=https://{id}.appsync-api.{region}.amazonaws.com/graphql -e API_KEY=da2-… -e TARGET=1000 -e RAMP=60s examples/appsync-connections.js
//
// Without a URL it goes to the local gateway, which has to be running: ./k6 x pushgw serve
import { appsync } from 'k6/x/pushgw';

const URL = __ENV.APPSYNC_URL || 'http://127.0.0.1:8090/graphql'; // the local gateway's
const API_KEY = __ENV.API_KEY || 'da2-localpushgatewayapikey0001';
const TARGET = Number(__ENV.TARGET || 200); // connections
const RAMP = __ENV.RAMP || '5s'; // to open them
const HOLD = __ENV.HOLD || '3s'; // to hold them
const SEGMENTS = Number(__ENV.SEGMENTS || 1); // processes that share the target; see distributed/segments.sh

const api = new appsync.Client(URL, {
  auth: { apiKey: API_KEY },
  subscription: { query: 'subscription { onCreateRoom { __typename id title } }' },
});

export const options = {
  scenarios: {
    connections: {
      executor: 'ramping-vus',
      exec: 'connection',
      startVUs: 0,
      stages: [
        { duration: RAMP, target: TARGET },
        { duration: HOLD, target: TARGET },
        { duration: '2s', target: 0 },
      ],
      gracefulRampDown: '0s', // a VU holds its connection until it is stopped
      gracefulStop: '0s',
    },
  },
  thresholds: {
    subscribed_success_counter: [`count==${TARGET / SEGMENTS}`],
    pushgw_connect_failed: ['count==0'],
    'pushgw_closed{by:gateway}': ['count==0'],
  },
};

export async function connection() {
  await api.listen();
}
