// One of several processes that share a test. All listen, some of them late, or in vain, and
// those that are told to wait for the listeners of all.
import { sleep } from 'k6';
import { apigw, appsync, events } from 'k6/x/pushgw';

const LISTENERS = Number(__ENV.LISTENERS); // of all processes
const VUS = Number(__ENV.VUS);
const failing = __ENV.FAILING === 'yes' && { realtimeUrl: `${__ENV.APPSYNC_URL.replace('http', 'ws')}/nowhere` };
const auth = { apiKey: __ENV.API_KEY };

const client = {
  apigw: () => new apigw.Client(__ENV.APIGW_URL),
  appsync: () => new appsync.Client(__ENV.APPSYNC_URL, {
    auth,
    subscription: { query: 'subscription { onCreateRoom { title } }' },
    mutation: { query: 'mutation { createRoom(input: { title: "{{stamp}}" }) { title } }' },
    ...failing,
  }),
  events: () => new events.Client(__ENV.EVENT_URL, { auth, channel: 'default/room' }),
}[__ENV.GATEWAY]();

const one = { executor: 'per-vu-iterations', maxDuration: '1h' };
export const options = {
  scenarios: {
    listener: { ...one, exec: 'listener', vus: VUS },
    // There is a VU of it in each process; which of them wait, the environment says.
    waiting: { ...one, exec: 'waiting', vus: Number(__ENV.PROCESSES) },
  },
};

export async function listener() {
  sleep(Number(__ENV.LATE || 0));
  await client.listen({ connections: LISTENERS / VUS, duration: '15s' });
}

export async function waiting() {
  if (__ENV.WAITS !== 'yes') return;
  const began = Date.now();
  try {
    const ready = await client.ready({ listeners: LISTENERS, canary: __ENV.CANARY === 'yes', timeout: '12s' });
    console.log(JSON.stringify({ ready, after: Date.now() - began }));
  } catch (e) {
    console.log(JSON.stringify({ error: String(e), after: Date.now() - began }));
  }
}
