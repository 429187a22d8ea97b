// The broadcast test of AWS's published benchmark, for API Gateway: how long until a
// broadcast has reached everybody in the room, and has it reached them all?
//
//   ./k6 run -e APIGW_URL=wss://{id}.execute-api.{region}.amazonaws.com/{stage} -e LISTENERS=1000 -e BROADCASTS=100 examples/apigw-broadcast.js
//
// Without a URL it goes to the local gateway, which has to be running: ./k6 x pushgw serve
import { apigw } from 'k6/x/pushgw';

const URL = __ENV.APIGW_URL || 'ws://127.0.0.1:8090/dev'; // the local gateway's
const LISTENERS = Number(__ENV.LISTENERS || 100);
const BROADCASTS = Number(__ENV.BROADCASTS || 10);
const RATE = Number(__ENV.RATE || 5); // broadcasts a second
const READY = __ENV.READY || '10m'; // how long the broadcasts wait for all listeners at most
const HOLD = __ENV.HOLD || '20m'; // how long a listener stays at most: READY, and as long as the broadcasts take; when they are over it goes
const SEGMENTS = Number(__ENV.SEGMENTS || 1); // processes that share the listeners; see distributed/segments.sh
const VUS = Number(__ENV.VUS || 1); // among which they are shared out; as many as listeners is the published way
const CONNECT_RATE = Number(__ENV.CONNECT_RATE || 0); // connections to open a second; 0 for as fast as possible

const gateway = new apigw.Client(URL, { room: __ENV.ROOM || 'Room1', connectRate: CONNECT_RATE });

export const options = {
  scenarios: {
    listener: { executor: 'per-vu-iterations', vus: VUS, exec: 'listener', maxDuration: '1h' },
    broadcast: { executor: 'per-vu-iterations', vus: 1, exec: 'broadcast', maxDuration: '1h' },
  },
  thresholds: {
    'joined_success_counter{role:listener}': [`count==${LISTENERS / SEGMENTS}`],
    'msg_received_counter{gateway:apigw}': [`count==${(LISTENERS / SEGMENTS) * BROADCASTS}`],
    'ws_resp_delay{gateway:apigw}': ['p(95)<10000'],
    'pushgw_connect_failed{gateway:apigw}': ['count==0'],
    'pushgw_lost{gateway:apigw}': ['count==0'],
    'pushgw_missed{gateway:apigw}': ['count==0'],
    'pushgw_unsent{gateway:apigw}': ['count==0'],
    'pushgw_indeterminate{gateway:apigw}': ['count==0'],
    'pushgw_errors{gateway:apigw,error:StrayDelivery}': ['count==0'], // or it was published to the wrong place
    'pushgw_unclosed{gateway:apigw}': ['count==0'],
    'pushgw_closed{gateway:apigw,by:gateway}': ['count==0'],
  },
};

export async function listener() {
  await gateway.listen({ connections: LISTENERS / VUS, until: 'broadcast', duration: HOLD });
}

export async function broadcast() {
  await gateway.ready({ listeners: LISTENERS, timeout: READY });
  const host = await gateway.connect({ nickname: 'Broadcast' });
  const result = await host.broadcast({ count: BROADCASTS, rate: RATE });
  console.log(`API Gateway ${JSON.stringify(result)}`);
  await host.close();
}
