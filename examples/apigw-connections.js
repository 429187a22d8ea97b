// The connection test of AWS's published benchmark, for API Gateway: connections come,
// stay and go, one per VU, each with a nickname and in the room. How many does it hold,
// how fast?
//
//   ./k6 run -e APIGW_URL=wss://{id}.execute-api.{region}.amazonaws.com/{stage} -e TARGET=1000 -e RAMP=60s examples/apigw-connections.js
//
// Without a URL it goes to the local gateway, which has to be running: ./k6 x pushgw serve
import { apigw } from 'k6/x/pushgw';

const URL = __ENV.APIGW_URL || 'ws://127.0.0.1:8090/dev'; // the local gateway's
const TARGET = Number(__ENV.TARGET || 200); // connections
const RAMP = __ENV.RAMP || '5s'; // to open them
const HOLD = __ENV.HOLD || '3s'; // to hold them
const SEGMENTS = Number(__ENV.SEGMENTS || 1); // processes that share the target; see distributed/segments.sh

const gateway = new apigw.Client(URL, { room: __ENV.ROOM || 'Room1' });

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
    nickname_counter: [`count==${TARGET / SEGMENTS}`],
    joined_success_counter: [`count==${TARGET / SEGMENTS}`],
    pushgw_connect_failed: ['count==0'],
    'pushgw_closed{by:gateway}': ['count==0'],
  },
};

export async function connection() {
  await gateway.listen();
}
