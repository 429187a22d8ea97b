// One fault of the gateway after another, and then all of them: what the ledger says
// beside what the gateway did. Listeners come anew for each.
import { apigw, appsync } from 'k6/x/pushgw';
import http from 'k6/http';
import { sleep } from 'k6';

const LISTENERS = Number(__ENV.LISTENERS);
const VUS = 4;
const BROADCASTS = Number(__ENV.BROADCASTS);
const plan = { count: BROADCASTS, rate: BROADCASTS / 4, settle: '4s' };
const side = __ENV.GATEWAY;

const client = side === 'appsync'
  ? new appsync.Client(__ENV.APPSYNC_URL, {
    auth: { apiKey: __ENV.API_KEY },
    subscription: { query: 'subscription { onCreateRoom { title } }' },
    mutation: { query: 'mutation { createRoom(input: { title: "{{stamp}}" }) { title } }' },
  })
  : new apigw.Client(__ENV.APIGW_URL);

const usual = { drop: 0.01, duplicate: 0.01, reorder: 0.01, delay: '1ms..200ms', errors: 0.01 };
/** @type {[string, object, ...object[]][]} */
const faults = [
  ['none', {}],
  ['drop', { drop: '1/100' }],
  ['duplicate', { duplicate: 0.01 }],
  ['reorder', { reorder: 0.02 }],
  ['delay', { delay: '1ms..200ms' }],
  ['errors', { errors: 0.01 }],
  ['deaf', { deaf: '2s' }],
  ['cut', {}, { cut: 0.05 }],
  ['close', {}, { close: { code: 1011, share: 0.05 } }],
  ['all', { ...usual, deaf: '2s', stopKeepAlive: true }, { cut: 0.05 }, { close: { code: 1011, share: 0.05 } }],
];

export const options = {
  scenarios: {
    listener: { executor: 'per-vu-iterations', vus: VUS, exec: 'listener', maxDuration: '20m' },
    broadcast: { executor: 'per-vu-iterations', vus: 1, exec: 'broadcast', maxDuration: '20m' },
  },
};

export async function listener() {
  for (let opened = 1; opened > 0;) { // until the gateway refuses everybody
    ({ opened } = await client.listen({ connections: LISTENERS / VUS }));
    await pause(1000); // until the gateway has closed the others' connections too
  }
}

export async function broadcast() {
  for (const what of faults) {
    // What cuts listeners may cut the host, too. What it had sent by then may never have been
    // read, and be lost before the gateway knew of it: that is no fault to compare, and done again.
    while (!(await round(what))) dismiss();
    if (what === faults[faults.length - 1]) post({ refuse: '403:1' });
    dismiss();
  }
}

/** One fault, and whether all broadcasts have been sent under it. */
async function round([fault, lasting, ...sudden]) {
  await client.ready({ listeners: LISTENERS, timeout: '50s' });
  http.del(`${__ENV.HTTP_URL}/stats`);
  post(lasting);
  const broadcasting = client.broadcast(plan);
  for (const what of sudden) {
    await pause(300);
    post(what);
  }
  const result = await broadcasting;
  const truth = await settled();
  const whole = result.sent === BROADCASTS;
  if (whole) console.log(JSON.stringify({ fault, result, truth }));
  http.del(`${__ENV.HTTP_URL}/faults`);
  return whole;
}

/** Ends everybody's connection. */
function dismiss() {
  post({ close: { code: 1001, share: 1 } });
  while (stats().open > 0) sleep(0.05);
}

/** What the gateway did, once nothing is under way and it has noticed that the host has left. */
async function settled() {
  for (;;) {
    const now = stats();
    const listeners = (await client.ready({ listeners: 1 })).ready;
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
