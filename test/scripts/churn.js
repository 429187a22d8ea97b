// One of several processes that share a test and a gateway. While one of them broadcasts, 30 %
// of the listeners come and go: each stays for about a second, and another comes in its place.
import { apigw, appsync, events } from 'k6/x/pushgw';
import http from 'k6/http';

const LISTENERS = Number(__ENV.LISTENERS); // of all processes
const VUS = Number(__ENV.VUS); // a multiple of the number of processes
const FLEETING = 0.3;
const BROADCASTS = Number(__ENV.BROADCASTS);
const SECONDS = Number(__ENV.SECONDS); // in which the broadcasts are sent
const side = __ENV.GATEWAY;

const auth = { apiKey: __ENV.API_KEY };
const client = {
  apigw: () => new apigw.Client(__ENV.APIGW_URL),
  appsync: () => new appsync.Client(__ENV.APPSYNC_URL, {
    auth,
    subscription: { query: 'subscription { onCreateRoom { title } }' },
    mutation: { query: 'mutation { createRoom(input: { title: "{{stamp}}" }) { title } }' },
  }),
  events: () => new events.Client(__ENV.EVENTS_URL, { auth, channel: 'default/room' }),
}[side]();

/** What is counted, whoever broadcast. */
const counters = {
  lost: 'pushgw_lost',
  missed: 'pushgw_missed',
  indeterminate: 'pushgw_indeterminate',
  duplicated: 'pushgw_duplicated',
  reordered: 'pushgw_reordered',
  unclosed: 'pushgw_unclosed',
  read: 'msg_received_counter',
};

export const options = {
  scenarios: {
    steady: { executor: 'per-vu-iterations', vus: VUS, exec: 'steady', maxDuration: '10m' },
    fleeting: { executor: 'per-vu-iterations', vus: VUS, exec: 'fleeting', maxDuration: '10m' },
    broadcast: { executor: 'per-vu-iterations', vus: 1, exec: 'broadcast', maxDuration: '10m' },
  },
  thresholds: {
    ...Object.fromEntries(Object.values(counters).map((name) => [name, ['count>=0']])),
    pushgw_reach: ['rate>=0'],
  },
};

const steadyOfVU = Math.round((LISTENERS * (1 - FLEETING)) / VUS);

export async function steady() {
  await client.listen({ connections: steadyOfVU }); // until the gateway closes them
}

export async function fleeting() {
  while (stats().totals.broadcasts === 0) await pause(50);
  for (let ready = 1; ready > 0; ) { // until the gateway refuses everybody
    ({ ready } = await client.listen({ connections: LISTENERS / VUS - steadyOfVU, duration: 500 + 1000 * Math.random() }));
  }
}

export async function broadcast() {
  await onlySteady();
  await client.ready({ listeners: steadyOfVU * VUS });
  await pause(1000); // in which other processes may answer again
  await onlySteady();
  http.del(`${__ENV.HTTP_URL}/stats`);
  post({ drop: 0.01, duplicate: 0.01, reorder: 0.01, delay: '1ms..100ms' });
  const { sent } = await client.broadcast({ count: BROADCASTS, rate: BROADCASTS / SECONDS, settle: 5000 });
  post({ refuse: '403:1' });
  const truth = await settled();
  post({ close: { code: 1001, share: 1 } });
  console.log(JSON.stringify({ fault: 'churn', round: 1, sent, truth }));
}

/**
 * Waits until the room has all steady listeners, and nobody else: not those connections by
 * which other processes answered.
 */
async function onlySteady() {
  while (stats().ready !== steadyOfVU * VUS) await pause(20);
}

/** What the gateway did, once nothing is under way. */
async function settled() {
  for (;;) {
    const { totals, echoes, control, accepted } = stats();
    if (totals.pending === 0 && control.pending === 0) return { totals, echoes, control, accepted };
    await pause(50);
  }
}

const stats = () => http.get(`${__ENV.HTTP_URL}/stats`).json()[side];
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function post(what) {
  const response = http.post(`${__ENV.HTTP_URL}/faults`, JSON.stringify(what));
  if (response.status !== 200) throw new Error(String(response.body));
}

/** This process's counts. */
export function handleSummary({ metrics }) {
  const counts = Object.entries(counters).map(([key, name]) => [key, metrics[name].values.count]);
  return { stdout: JSON.stringify([{ received: metrics.pushgw_reach.values.passes, ...Object.fromEntries(counts) }]) };
}
