// Broadcasts on both gateways, to be reported.
import { apigw, appsync } from 'k6/x/pushgw';

const LISTENERS = Number(__ENV.LISTENERS);
const plan = { count: Number(__ENV.BROADCASTS), rate: 20, settle: '4s' };
const room = new apigw.Client(`${__ENV.APIGW_URL}?token=a-secret`);
const api = new appsync.Client(__ENV.APPSYNC_URL, {
  auth: { apiKey: __ENV.API_KEY || 'da2-localpushgatewayapikey0001' },
  subscription: { query: 'subscription { onCreateRoom { title } }' },
  mutation: { query: 'mutation { createRoom(input: { title: "{{stamp}}" }) { title } }' },
});

export const options = {
  scenarios: {
    listeners: { executor: 'per-vu-iterations', vus: 1, exec: 'listeners' },
    broadcast: { executor: 'per-vu-iterations', vus: 1, exec: 'broadcast', env: { PASSWORD: 'a-secret' } },
  },
};

export async function listeners() {
  /** @type {import('k6/x/pushgw').ListenOptions} */
  const hold = { connections: LISTENERS, until: 'broadcast' };
  await Promise.all([room.listen(hold), api.listen(hold)]);
}

export async function broadcast() {
  for (const client of [room, api]) {
    await client.ready({ listeners: LISTENERS });
    console.log(JSON.stringify(await client.broadcast(plan)));
  }
}
