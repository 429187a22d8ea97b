// Listeners whose VUs are stopped while they listen, in each of k6's ways.
import { apigw, appsync } from 'k6/x/pushgw';

const room = new apigw.Client(__ENV.APIGW_URL);
const api = new appsync.Client(__ENV.APPSYNC_URL, {
  auth: { apiKey: __ENV.API_KEY },
  subscription: { query: 'subscription { onCreateRoom { title } }' },
  mutation: { query: 'mutation { createRoom(input: { title: "{{stamp}}" }) { title } }' },
});

export const options = {
  scenarios: {
    rampedDown: {
      executor: 'ramping-vus', exec: 'listener', startVUs: 5, gracefulRampDown: '0s', gracefulStop: '0s',
      stages: [{ duration: '6s', target: 5 }, { duration: '500ms', target: 0 }],
    },
    timeUp: { executor: 'constant-vus', exec: 'subscriber', vus: 5, duration: '6s', gracefulStop: '0s' },
    connected: { executor: 'constant-vus', exec: 'connected', vus: 1, duration: '6s', gracefulStop: '0s' },
    broadcast: { executor: 'per-vu-iterations', exec: 'broadcast' },
  },
};

export const listener = () => room.listen();
export const subscriber = () => api.listen({ connections: 2 });
export const connected = () => room.connect();

export async function broadcast() {
  await Promise.all([room.ready({ listeners: 5 }), api.ready({ listeners: 10 })]);
  await Promise.all([room.broadcast({ count: 4 }), api.broadcast({ count: 3 })]);
}
