// What AWS's published benchmark recommends API Gateway for: a message for one user, posted
// by a backend to that user's connection. How long until it is there, and does it arrive?
//
//   ./k6 run -e APIGW_URL=wss://{id}.execute-api.{region}.amazonaws.com/{stage} -e REGION={region} -e LISTENERS=1000 -e MESSAGES=10000 examples/apigw-notify.js
//
// The messages are posted by @connections, with the keys that AWS's own tools find. The
// application must tell a connection its id, as the local gateway's chat does after /whoami.
//
// Without a URL it goes to the local gateway, which has to be running: ./k6 x pushgw serve. With
// signatures:
//
//   ./k6 x pushgw serve --access-key-id AKID --secret-access-key secret
//   AWS_ACCESS_KEY_ID=AKID AWS_SECRET_ACCESS_KEY=secret ./k6 run -e REGION=us-east-1 examples/apigw-notify.js
import { apigw } from 'k6/x/pushgw';

const URL = __ENV.APIGW_URL || 'ws://127.0.0.1:8090/dev'; // the local gateway's
const LISTENERS = Number(__ENV.LISTENERS || 100);
const MESSAGES = Number(__ENV.MESSAGES || 200);
const RATE = Number(__ENV.RATE || 50); // messages a second
const HOLD = __ENV.HOLD || '10m'; // how long the listeners stay at most; when the messages are over they go

const gateway = new apigw.Client(URL, {
  auth: __ENV.REGION ? { iam: { region: __ENV.REGION } } : undefined,
  handshake: [
    { send: '{{nickname}}', expect: 'Using nick' },
    { send: '/whoami', pattern: '^(?<connectionId>[\\w-]+=)$', counter: 'identified' },
  ],
});

export const options = {
  scenarios: {
    listener: { executor: 'per-vu-iterations', exec: 'listener', maxDuration: '1h' },
    notifier: { executor: 'per-vu-iterations', exec: 'notifier', maxDuration: '1h' },
  },
  thresholds: {
    identified: [`count==${LISTENERS}`],
    msg_received_counter: [`count==${MESSAGES}`],
    ws_resp_delay: ['p(95)<10000'],
    pushgw_connect_failed: ['count==0'],
    pushgw_lost: ['count==0'],
    pushgw_missed: ['count==0'],
    pushgw_unsent: ['count==0'],
    pushgw_indeterminate: ['count==0'],
    pushgw_errors: ['count==0'],
    'pushgw_closed{by:gateway}': ['count==0'],
  },
  batchPerHost: 50, // as many connections as k6 keeps open for the next posts
};

export async function listener() {
  await gateway.listen({ connections: LISTENERS, until: 'broadcast', duration: HOLD });
}

export async function notifier() {
  await gateway.ready({ listeners: LISTENERS });
  const result = await gateway.notify({ count: MESSAGES, rate: RATE });
  console.log(`API Gateway ${JSON.stringify(result)}`);
}
