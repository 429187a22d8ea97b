// An application with JSON messages, whose routes `$request.body.action` selects, tried without
// AWS:
//
//   ./k6 x pushgw serve --routes examples/routes.json
//   ./k6 run examples/apigw-routes.js
import { apigw } from 'k6/x/pushgw';

const LISTENERS = Number(__ENV.LISTENERS || 100);
const BROADCASTS = Number(__ENV.BROADCASTS || 10);

const gateway = new apigw.Client(__ENV.APIGW_URL || 'ws://127.0.0.1:8090/dev', {
  room: 'orders',
  handshake: [
    {
      send: JSON.stringify({ action: 'join', room: '{{room}}' }),
      pattern: '"type":"joined".*"connectionId":"(?<connectionId>[^"]+)"',
      counter: 'joined',
    },
  ],
  message: JSON.stringify({ action: 'publish', room: 'orders', text: 'at {{stamp}}' }),
});

export const options = {
  scenarios: {
    listeners: { executor: 'per-vu-iterations', exec: 'listeners', vus: 10, maxDuration: '1m' },
    publisher: { executor: 'per-vu-iterations', exec: 'publisher', maxDuration: '1m' },
  },
  thresholds: {
    joined: [`count==${LISTENERS + 1}`],
    msg_received_counter: [`count==${LISTENERS * BROADCASTS}`],
    pushgw_connect_failed: ['count==0'],
    pushgw_reach: ['rate==1'],
    pushgw_lost: ['count==0'],
    pushgw_missed: ['count==0'],
    pushgw_unsent: ['count==0'],
    pushgw_indeterminate: ['count==0'],
    pushgw_errors: ['count==0'],
    'pushgw_closed{by:gateway}': ['count==0'],
  },
};

export async function listeners() {
  await gateway.listen({ connections: LISTENERS / 10, until: 'broadcast', duration: '10m' });
}

export async function publisher() {
  await gateway.ready({ listeners: LISTENERS, timeout: '30s' });
  const result = await gateway.broadcast({ count: BROADCASTS, rate: 10 });
  console.log(JSON.stringify(result));
}
