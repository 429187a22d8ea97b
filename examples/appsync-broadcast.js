// The broadcast test of AWS's published benchmark, for AppSync: how long until a mutation
// has reached everybody who subscribes to it, and has it reached them all?
//
//   ./k6 run -e APPSYNC_URL=https://{id}.appsync-api.{region}.amazonaws.com/graphql -e API_KEY=da2-… -e LISTENERS=1000 -e BROADCASTS=100 examples/appsync-broadcast.js
//
// Without a URL it goes to the local gateway, which has to be running: ./k6 x pushgw serve
import { appsync } from 'k6/x/pushgw';

const URL = __ENV.APPSYNC_URL || 'http://127.0.0.1:8090/graphql'; // the local gateway's
const API_KEY = __ENV.API_KEY || 'da2-localpushgatewayapikey0001';
const LISTENERS = Number(__ENV.LISTENERS || 100);
const BROADCASTS = Number(__ENV.BROADCASTS || 10);
const RATE = Number(__ENV.RATE || 5); // broadcasts a second
const READY = __ENV.READY || '10m'; // how long the broadcasts wait for all listeners at most
const HOLD = __ENV.HOLD || '20m'; // how long a listener stays at most: READY, and as long as the broadcasts take; when they are over it goes
const CANARY = __ENV.CANARY !== 'no'; // whether to prove that everybody hears, before it counts
const SEGMENTS = Number(__ENV.SEGMENTS || 1); // processes that share the listeners; see distributed/segments.sh
const VUS = Number(__ENV.VUS || 1); // among which they are shared out; as many as listeners is the published way
const CONNECT_RATE = Number(__ENV.CONNECT_RATE || 0); // connections to open a second; 0 for as fast as possible

const api = new appsync.Client(URL, {
  auth: { apiKey: API_KEY },
  connectRate: CONNECT_RATE,
  subscription: { query: 'subscription { onCreateRoom { __typename id title } }' },
  mutation: {
    // AppSync passes on only those fields that the mutation asks for.
    query: 'mutation($title: String!) { createRoom(input: { title: $title }) { id title } }',
    variables: { title: 'room-{{stamp}}' },
  },
});

export const options = {
  scenarios: {
    subscriber: { executor: 'per-vu-iterations', vus: VUS, exec: 'subscriber', maxDuration: '1h' },
    publisher: { executor: 'per-vu-iterations', vus: 1, exec: 'publisher', maxDuration: '1h' },
  },
  thresholds: {
    'subscribed_success_counter{role:listener}': [`count==${LISTENERS / SEGMENTS}`],
    'msg_received_counter{gateway:appsync}': [`count==${(LISTENERS / SEGMENTS) * BROADCASTS}`],
    'ws_resp_delay{gateway:appsync}': ['p(95)<10000'],
    'pushgw_connect_failed{gateway:appsync}': ['count==0'],
    'pushgw_lost{gateway:appsync}': ['count==0'],
    'pushgw_missed{gateway:appsync}': ['count==0'],
    'pushgw_unsent{gateway:appsync}': ['count==0'],
    'pushgw_indeterminate{gateway:appsync}': ['count==0'],
    'pushgw_errors{gateway:appsync,error:StrayDelivery}': ['count==0'], // or it was published to the wrong place
    'pushgw_unclosed{gateway:appsync}': ['count==0'],
    'pushgw_closed{gateway:appsync,by:gateway}': ['count==0'],
  },
};

export async function subscriber() {
  await api.listen({ connections: LISTENERS / VUS, until: 'broadcast', duration: HOLD });
}

export async function publisher() {
  // AppSync may acknowledge a subscription some time before its first event can reach it.
  await api.ready({ listeners: LISTENERS, canary: CANARY, timeout: READY });
  const result = await api.broadcast({ count: BROADCASTS, rate: RATE });
  console.log(`AppSync ${JSON.stringify(result)}`);
}
