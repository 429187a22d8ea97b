// A broadcast test of an API Gateway WebSocket API that asks for IAM signatures at $connect.
// The keys are those that AWS's own tools find: in the environment, a profile or a role.
//
//   AWS_PROFILE=… ./k6 run -e APIGW_URL=wss://{id}.execute-api.{region}.amazonaws.com/{stage} examples/apigw-iam.js
//
// Locally:
//
//   ./k6 x pushgw serve --access-key-id AKID --secret-access-key secret
//   AWS_ACCESS_KEY_ID=AKID AWS_SECRET_ACCESS_KEY=secret ./k6 run examples/apigw-iam.js
import { apigw } from 'k6/x/pushgw';

const URL = __ENV.APIGW_URL || 'ws://127.0.0.1:8090/dev';
const LISTENERS = Number(__ENV.LISTENERS || 100);
const BROADCASTS = Number(__ENV.BROADCASTS || 10);
const RATE = Number(__ENV.RATE || 5); // broadcasts a second
const HOLD = __ENV.HOLD || '10m'; // how long the listeners stay at most; when the broadcasts are over they go

const gateway = new apigw.Client(URL, {
  // AWS's own host names tell the region; a custom domain doesn't.
  auth: { iam: URL.includes('.amazonaws.com') ? {} : { region: __ENV.REGION || 'us-east-1' } },
  credentials: __ENV.PRESIGNED ? 'query' : 'headers',
});

export const options = {
  scenarios: {
    listener: { executor: 'per-vu-iterations', exec: 'listener', maxDuration: '1h' },
    broadcast: { executor: 'per-vu-iterations', exec: 'broadcast', maxDuration: '1h' },
  },
  thresholds: {
    'joined_success_counter{role:listener}': [`count==${LISTENERS}`],
    'msg_received_counter{gateway:apigw}': [`count==${LISTENERS * BROADCASTS}`],
    'pushgw_connect_failed{gateway:apigw}': ['count==0'],
    'pushgw_lost{gateway:apigw}': ['count==0'],
    'pushgw_missed{gateway:apigw}': ['count==0'],
    'pushgw_unsent{gateway:apigw}': ['count==0'],
    'pushgw_indeterminate{gateway:apigw}': ['count==0'],
    'pushgw_errors{gateway:apigw}': ['count==0'],
    'pushgw_closed{gateway:apigw,by:gateway}': ['count==0'],
  },
};

export async function listener() {
  await gateway.listen({ connections: LISTENERS, until: 'broadcast', duration: HOLD });
}

export async function broadcast() {
  await gateway.ready({ listeners: LISTENERS });
  const result = await gateway.broadcast({ count: BROADCASTS, rate: RATE });
  console.log(`API Gateway ${JSON.stringify(result)}`);
}
