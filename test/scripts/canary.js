// A barrier that believes no acknowledgement.
import { apigw, appsync } from 'k6/x/pushgw';

const room = new apigw.Client(__ENV.APIGW_URL);
const api = new appsync.Client(__ENV.APPSYNC_URL, {
  auth: { apiKey: __ENV.API_KEY },
  subscription: { query: 'subscription { onCreateRoom { title } }' },
  mutation: { query: 'mutation { createRoom(input: { title: "{{stamp}}" }) { title } }' },
});

export const options = {
  scenarios: {
    listener: { executor: 'per-vu-iterations', exec: 'listener' },
    subscriber: { executor: 'per-vu-iterations', exec: 'subscriber' },
    broadcast: { executor: 'per-vu-iterations', exec: 'broadcast' },
  },
};

/** @type {import('k6/x/pushgw').ListenOptions} */
const hold = { connections: 5, until: 'broadcast' };
export const listener = () => room.listen(hold);
export const subscriber = () => api.listen(hold);

export async function broadcast() {
  for (const client of [room, api]) {
    const before = await client.ready({ listeners: 5 });
    const after = await client.ready({ listeners: 5, canary: true });
    console.log(JSON.stringify({ before, after, result: await client.broadcast({ count: 2 }) }));
  }
}
