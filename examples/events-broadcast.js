// How long until an event that is published to AppSync Events has reached everybody who
// subscribes to its channel, and has it reached them all?
//
//   ./k6 run -e EVENTS_URL=https://{id}.appsync-api.{region}.amazonaws.com/event -e API_KEY=da2-… -e LISTENERS=1000 -e BROADCASTS=100 examples/events-broadcast.js
//
// Without a URL it goes to the local gateway, which has to be running: ./k6 x pushgw serve
import { events } from 'k6/x/pushgw';

const URL = __ENV.EVENTS_URL || 'http://127.0.0.1:8090/event'; // the local gateway's
const API_KEY = __ENV.API_KEY || 'da2-localpushgatewayapikey0001';
const CHANNEL = __ENV.CHANNEL || 'default/rooms/Room1'; // its first word is a namespace of the API
const LISTENERS = Number(__ENV.LISTENERS || 100);
const BROADCASTS = Number(__ENV.BROADCASTS || 10);
const RATE = Number(__ENV.RATE || 5); // events a second
const BATCH = Number(__ENV.BATCH || 1); // events in one request, up to 5
const PUBLISH = __ENV.PUBLISH === 'socket' ? 'socket' : 'http'; // over a connection AppSync takes 25 requests a second
const READY = __ENV.READY || '10m'; // how long the broadcasts wait for all listeners at most
const HOLD = __ENV.HOLD || '20m'; // how long a listener stays at most: READY, and as long as the broadcasts take; when they are over it goes
const CANARY = __ENV.CANARY !== 'no'; // whether to prove that everybody hears, before it counts
const SEGMENTS = Number(__ENV.SEGMENTS || 1); // processes that share the listeners; see distributed/segments.sh
const VUS = Number(__ENV.VUS || 1); // among which they are shared out

const api = new events.Client(URL, { auth: { apiKey: API_KEY }, channel: CHANNEL });

export const options = {
  scenarios: {
    subscriber: { executor: 'per-vu-iterations', vus: VUS, exec: 'subscriber', maxDuration: '1h' },
    publisher: { executor: 'per-vu-iterations', vus: 1, exec: 'publisher', maxDuration: '1h' },
  },
  thresholds: {
    'subscribed_success_counter{role:listener}': [`count==${LISTENERS / SEGMENTS}`],
    'msg_received_counter{gateway:events}': [`count==${(LISTENERS / SEGMENTS) * BROADCASTS}`],
    'ws_resp_delay{gateway:events}': ['p(95)<10000'],
    'pushgw_connect_failed{gateway:events}': ['count==0'],
    'pushgw_lost{gateway:events}': ['count==0'],
    'pushgw_missed{gateway:events}': ['count==0'],
    'pushgw_unsent{gateway:events}': ['count==0'],
    'pushgw_indeterminate{gateway:events}': ['count==0'],
    'pushgw_errors{gateway:events,error:StrayDelivery}': ['count==0'], // or it was published to the wrong place
    'pushgw_unclosed{gateway:events}': ['count==0'],
    'pushgw_closed{gateway:events,by:gateway}': ['count==0'],
  },
};

export async function subscriber() {
  await api.listen({ connections: LISTENERS / VUS, until: 'broadcast', duration: HOLD });
}

export async function publisher() {
  // AppSync may acknowledge a subscription some time before its first event can reach it.
  await api.ready({ listeners: LISTENERS, canary: CANARY, timeout: READY });
  const result = await api.broadcast({
    count: BROADCASTS,
    rate: RATE,
    batch: BATCH,
    publish: PUBLISH,
    event: { title: 'room-{{stamp}}' }, // any JSON; a receiver finds the stamp wherever it is
  });
  console.log(`AppSync Events ${JSON.stringify(result)}`);
}
