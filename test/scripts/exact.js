// One fault of the gateway after another, and then all of them: what the ledger says
// beside what the gateway did. Listeners come anew for each.
import { apigw, appsync, events } from 'k6/x/pushgw';
import http from 'k6/http';
import { sleep } from 'k6';
import { vu } from 'k6/execution';

const LISTENERS = Number(__ENV.LISTENERS);
const VUS = 4;
const BROADCASTS = Number(__ENV.BROADCASTS);
const side = __ENV.GATEWAY;
const SECONDS = Number(__ENV.SECONDS); // in which the broadcasts are sent
// Where the gateway falls behind for longer than settle, deliveries are late, and so lost.
const plan = { count: BROADCASTS, rate: BROADCASTS / SECONDS, settle: (SECONDS + 6) * 1000, ...(side === 'events' ? { batch: 5 } : {}) };

/**
 * The client of one round. Each round has an audience of its own, so that those who were cut
 * off in one are missing in no other.
 */
const client = (round) => clients[side](round);

const auth = { apiKey: __ENV.API_KEY };
const clients = {
  apigw: (round) => new apigw.Client(__ENV.APIGW_URL, { room: `Room${round}` }),
  appsync: (round) =>
    new appsync.Client(__ENV.APPSYNC_URL, {
      auth,
      subscription: { query: `subscription Round${round} { onCreateRoom { title } }` },
      mutation: { query: 'mutation { createRoom(input: { title: "{{stamp}}" }) { title } }' },
    }),
  events: (round) => new events.Client(__ENV.EVENTS_URL, { auth, channel: `default/Round${round}` }),
};

const usual = { drop: 0.01, duplicate: 0.01, reorder: 0.01, delay: '1ms..200ms', errors: 0.01 };
const slow = { delay: '2s..4s' }; // most is under way when all has been sent
/** Faults that last, those that happen once while broadcasts are sent, and those that do just after. */
const faults = [
  { name: 'none' },
  { name: 'drop', lasting: { drop: '1/100' } },
  { name: 'duplicate', lasting: { duplicate: 0.01 } },
  { name: 'reorder', lasting: { reorder: 0.02 } },
  { name: 'delay', lasting: { delay: '1ms..200ms' } },
  { name: 'errors', lasting: { errors: 0.01 } },
  { name: 'deaf', lasting: { deaf: '3s' } },
  { name: 'cut', lasting: slow, after: [{ cut: 0.05 }] },
  { name: 'close', lasting: slow, after: [{ close: { code: 1011, share: 0.05 } }] },
  {
    name: 'all',
    lasting: { ...usual, deaf: '3s', stopKeepAlive: true },
    meanwhile: [{ cut: 0.05 }, { close: { code: 1011, share: 0.05 } }],
  },
];

export const options = {
  scenarios: {
    listener: { executor: 'per-vu-iterations', vus: VUS, exec: 'listener', maxDuration: '1h' },
    broadcast: { executor: 'per-vu-iterations', vus: 1, exec: 'broadcast', maxDuration: '1h' },
  },
  thresholds: { 'pushgw_lost{cause:cut,fault:cut}': ['count>0'], 'pushgw_lost{cause:cut,fault:close}': ['count>0'] },
};

export async function listener() {
  for (let round = 1, ready = 1; ready > 0; round++) { // until the gateway refuses everybody
    ({ ready } = await client(round).listen({ connections: LISTENERS / VUS }));
    await pause(1000); // until the gateway has closed the others' connections too
  }
}

export async function broadcast() {
  let number = 0;
  for (const what of faults) {
    // What cuts listeners while broadcasts are sent may cut the host, too. What it had sent by
    // then may never have been read, and be lost before the gateway knew of it: that is no
    // fault to compare, and done again.
    while (!(await round(++number, what))) dismiss();
    if (what === faults[faults.length - 1]) post({ refuse: '403:1' });
    dismiss();
  }
}

/** One fault, and whether all broadcasts have been sent under it. */
async function round(number, { name, lasting = {}, meanwhile = [], after = [] }) {
  const to = client(number);
  vu.metrics.tags.fault = name;
  await to.ready({ listeners: LISTENERS, timeout: '2m' });
  http.del(`${__ENV.HTTP_URL}/stats`);
  post(lasting);
  const broadcasting = to.broadcast(plan);
  for (const what of meanwhile) {
    await pause(300);
    post(what);
  }
  if (after.length > 0) await pause(SECONDS * 1000);
  for (const what of after) {
    while (stats().totals.broadcasts < BROADCASTS) await pause(20);
    post(what);
  }
  const result = await broadcasting;
  const truth = await settled(to);
  http.del(`${__ENV.HTTP_URL}/faults`);
  if (result.unsent > 0) return false;
  const further = await to.broadcast({ count: 2, settle: '10s' }); // to those who are left
  console.log(JSON.stringify({ fault: name, result, truth, ready: truth.open, further }));
  return true;
}

/** Ends everybody's connection. */
function dismiss() {
  post({ close: { code: 1001, share: 1 } });
  while (stats().open > 0) sleep(0.05);
}

/** What the gateway did, once nothing is under way and it has noticed that the host has left. */
async function settled(to) {
  for (;;) {
    const now = stats();
    const listeners = (await to.ready({ listeners: 1 })).ready;
    if (now.totals.pending === 0 && now.open === listeners) return { ...now, broadcasts: undefined };
    await pause(50);
  }
}

const stats = () => http.get(`${__ENV.HTTP_URL}/stats`).json()[side];
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function post(what) {
  const response = http.post(`${__ENV.HTTP_URL}/faults`, JSON.stringify(what));
  if (response.status !== 200) throw new Error(String(response.body));
}

/** How many deliveries were lost because listeners were cut off, by fault. */
export function handleSummary({ metrics }) {
  const count = (fault) => metrics[`pushgw_lost{cause:cut,fault:${fault}}`].values.count;
  return { stdout: JSON.stringify({ cut: count('cut'), close: count('close') }) };
}
