// Listeners with two subscriptions each: one that half of them have, and one that all have.
import { appsync } from 'k6/x/pushgw';

const scenario = { executor: 'per-vu-iterations', vus: 1, maxDuration: '1m' };
export const options = {
  scenarios: {
    listener: { ...scenario, exec: 'listener', vus: 2 },
    broadcast: { ...scenario, exec: 'broadcast' },
  },
};

const query = 'subscription($owner: String) { onCreateRoom(owner: $owner) { __typename id title owner } }';
const api = new appsync.Client(__ENV.APPSYNC_URL, {
  auth: { apiKey: __ENV.API_KEY },
  subscriptions: [
    { query, variables: (index) => ({ owner: `user${index % 2}` }), audience: (index) => `user${index % 2}` },
    { query, variables: { owner: 'everybody' }, audience: 'everybody' },
  ],
  mutation: {
    query: 'mutation($owner: String, $title: String!) { createRoom(input: { owner: $owner, title: $title }) { id title owner } }',
    variables: { owner: '{{audience}}', title: '{{stamp}}' },
  },
});

export async function listener() {
  await api.listen({ connections: 4, duration: '15s' });
}

export async function broadcast() {
  await api.ready({ listeners: 8, canary: true });
  for (const audience of ['user0', 'user1', 'everybody']) {
    console.log(JSON.stringify(await api.broadcast({ audience, count: 3 })));
  }
}
