// One of several processes that share a test and a gateway, under one fault after another.
// One of them broadcasts, all listen, and each says what its listeners lost. Listeners come
// anew for each round, and each round has an audience of its own.
import { apigw, appsync, events } from 'k6/x/pushgw';
import http from 'k6/http';
import { sleep } from 'k6';
import { vu } from 'k6/execution';

const LISTENERS = Number(__ENV.LISTENERS); // of all processes
const VUS = Number(__ENV.VUS); // a multiple of the number of processes
const BROADCASTS = Number(__ENV.BROADCASTS);
const SECONDS = Number(__ENV.SECONDS); // in which the broadcasts are sent
const SETTLE = 5000; // longer than any delivery takes
const ROUNDS = 24; // more than there can be
const side = __ENV.GATEWAY;

const auth = { apiKey: __ENV.API_KEY };
const clients = {
  apigw: (round) => new apigw.Client(__ENV.APIGW_URL, { room: `Round${round}` }),
  appsync: (round) => new appsync.Client(__ENV.APPSYNC_URL, {
    auth,
    subscription: { query: `subscription Round${round} { onCreateRoom { title } }` },
    mutation: { query: 'mutation { createRoom(input: { title: "{{stamp}}" }) { title } }' },
  }),
  events: (round) => new events.Client(__ENV.EVENTS_URL, { auth, channel: `default/Round${round}` }),
};
const client = clients[side];

const usual = { drop: 0.01, duplicate: 0.01, reorder: 0.01, delay: '1ms..200ms', errors: 0.01 };
const slow = { delay: '1s..2s' }; // most is under way when all has been sent
const faults = [
  { name: 'none' },
  { name: 'drop', lasting: { drop: '1/100' } },
  { name: 'duplicate', lasting: { duplicate: 0.01 } },
  { name: 'reorder', lasting: { reorder: 0.02 } },
  { name: 'delay', lasting: { delay: '1ms..200ms' } },
  { name: 'errors', lasting: { errors: 0.01 } },
  { name: 'deaf', deaf: true },
  { name: 'cut', lasting: slow, after: [{ cut: 0.05 }] },
  { name: 'close', lasting: slow, after: [{ close: { code: 1011, share: 0.05 } }] },
  { name: 'all', lasting: usual, deaf: true, meanwhile: [{ cut: 0.05 }, { close: { code: 1011, share: 0.05 } }] },
].filter(({ name }) => !__ENV.FAULTS || __ENV.FAULTS.split(',').includes(name));

/** What is counted of each round. */
const counted = ['pushgw_lost', 'pushgw_indeterminate', 'pushgw_duplicated', 'pushgw_reordered', 'pushgw_unclosed'];
const rounds = Array.from({ length: ROUNDS }, (_, i) => i + 1);

export const options = {
  scenarios: {
    listener: { executor: 'per-vu-iterations', vus: VUS, exec: 'listener', maxDuration: '1h' },
    broadcast: { executor: 'per-vu-iterations', vus: 1, exec: 'broadcast', maxDuration: '1h' },
  },
  thresholds: Object.fromEntries(rounds.flatMap((round) => [
    ...counted.map((name) => [`${name}{round:${round}}`, ['count>=0']]),
    [`pushgw_reach{round:${round}}`, ['rate>=0']],
  ])),
};

export async function listener() {
  for (let round = 1, ready = 1; ready > 0; round++) { // until the gateway refuses everybody
    vu.metrics.tags.round = String(round);
    ({ ready } = await client(round).listen({ connections: LISTENERS / VUS }));
    await pause(1000); // until the gateway has closed the others' connections too
  }
}

export async function broadcast() {
  let number = 0;
  for (const what of faults) {
    // What cuts listeners while broadcasts are sent may cut the host, too: done again.
    while (!(await round(++number, what))) dismiss();
    if (what === faults[faults.length - 1]) post({ refuse: '403:1' });
    dismiss();
  }
}

/** One fault, and whether all broadcasts have been sent under it. */
async function round(number, { name, lasting = {}, deaf = false, meanwhile = [], after = [] }) {
  const to = client(number);
  vu.metrics.tags.round = String(number);
  const began = Date.now();
  http.del(`${__ENV.HTTP_URL}/stats`);
  await to.ready({ listeners: LISTENERS }); // so that it is known who was there before the first broadcast
  await pause(1000); // until the connections have gone by which the others answered: the chat application knows them as members
  if (deaf) await to.broadcast({ count: 1, settle: SETTLE }); // or else nobody would hear of the series before its midst
  post(deaf ? { ...lasting, deaf: `${Date.now() - began + SECONDS * 500}ms` } : lasting);
  const broadcasting = to.broadcast({ count: BROADCASTS, rate: BROADCASTS / SECONDS, settle: SETTLE });
  for (const what of meanwhile) {
    await pause(300);
    post(what);
  }
  if (after.length > 0) await pause(SECONDS * 1000);
  for (const what of after) {
    while (stats().totals.broadcasts < BROADCASTS) await pause(20);
    post(what);
  }
  const { sent, unsent } = await broadcasting;
  const truth = await settled();
  http.del(`${__ENV.HTTP_URL}/faults`);
  if (unsent > 0) return false;
  console.log(JSON.stringify({ fault: name, round: number, sent: sent + (deaf ? 1 : 0), truth }));
  return true;
}

/** Ends everybody's connection. */
function dismiss() {
  post({ close: { code: 1001, share: 1 } });
  while (stats().open > 0) sleep(0.05);
}

/** What the gateway did, once nothing is under way. */
async function settled() {
  for (;;) {
    const now = stats();
    if (now.totals.pending === 0 && now.control.pending === 0) {
      await pause(500); // what was written is read
      return { totals: now.totals, echoes: now.echoes, control: now.control };
    }
    await pause(50);
  }
}

const stats = () => http.get(`${__ENV.HTTP_URL}/stats`).json()[side];
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function post(what) {
  const response = http.post(`${__ENV.HTTP_URL}/faults`, JSON.stringify(what));
  if (response.status !== 200) throw new Error(String(response.body));
}

/** This process's counts of each round. */
export function handleSummary({ metrics }) {
  const value = (name, round) => metrics[`${name}{round:${round}}`].values;
  return {
    stdout: JSON.stringify(rounds.map((round) => ({
      lost: value('pushgw_lost', round).count,
      indeterminate: value('pushgw_indeterminate', round).count,
      duplicated: value('pushgw_duplicated', round).count,
      reordered: value('pushgw_reordered', round).count,
      unclosed: value('pushgw_unclosed', round).count,
      received: value('pushgw_reach', round).passes,
    }))),
  };
}
