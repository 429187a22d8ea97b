// Broadcasts through both gateways while they do things wrong. In API Gateway's room
// the host is one of the members, so what it hears is accounted for here.
import { apigw, appsync } from 'k6/x/pushgw';

const LISTENERS = Number(__ENV.LISTENERS);
const plan = { count: Number(__ENV.BROADCASTS), rate: 50, settle: '10s' };

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
    publisher: { executor: 'per-vu-iterations', exec: 'publisher' },
  },
};

/** @type {import('k6/x/pushgw').ListenOptions} */
const hold = { connections: LISTENERS, until: 'broadcast' };
export const listener = () => room.listen(hold);
export const subscriber = () => api.listen(hold);

export async function broadcast() {
  await room.ready({ listeners: LISTENERS });
  const host = await room.connect({ nickname: 'Ann' });
  const texts = [];
  host.on('message', (m) => m.data.startsWith('Ann: ') && texts.push(m.data));
  const result = await host.broadcast(plan);
  await host.close();
  console.log(JSON.stringify({ gateway: 'apigw', result, host: account(texts) }));
}

export async function publisher() {
  await api.ready({ listeners: LISTENERS });
  const result = await api.broadcast(plan);
  console.log(JSON.stringify({ gateway: 'appsync', result, host: { lost: 0, duplicated: 0, reordered: 0 } }));
}

/** One listener's own account: stamps of one origin differ in their sequence, in order. */
function account(texts) {
  const firsts = texts.filter((text, i) => texts.indexOf(text) === i);
  return {
    lost: plan.count - firsts.length,
    duplicated: texts.length - firsts.length,
    reordered: firsts.filter((text, i) => firsts.slice(0, i).some((earlier) => earlier > text)).length,
  };
}
