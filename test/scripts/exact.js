// One fault of the gateway after another, and then all of them: what the ledger says
// beside what the gateway did. Listeners come anew for each.
import { apigw, appsync, events } from 'k6/x/pushgw';
import http from 'k6/http';
import { vu } from 'k6/execution';

const LISTENERS = Number(__ENV.LISTENERS);
const VUS = 4;
const BROADCASTS = Number(__ENV.BROADCASTS);
const ROUNDS = 24; // at most: some are done again
const side = __ENV.GATEWAY;
const SECONDS = Number(__ENV.SECONDS); // in which the broadcasts are sent
const SETTLE = 5000; // much longer than any delivery takes, also where the machine is busy

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

const usual = { drop: 0.01, duplicate: 0.01, reorder: 0.01, errors: 0.01, stopKeepAlive: true };
const short = { delay: '1ms..200ms' };
const long = { delay: '1s..2s' }; // most is under way when a burst has been sent
const cut = { cut: 0.05 };
const close = { close: { code: 1011, share: 0.05 } };
/**
 * Faults that last, and those that happen once: while broadcasts are sent, or when all have
 * been accepted. Burst: they are sent within a second. Deaf: everybody hears nothing until so
 * large a share of the deliveries was withheld. Again: those who are left then hear a second
 * series.
 */
const faults = [
  { name: 'none' },
  { name: 'drop', lasting: { drop: '1/100' } },
  { name: 'duplicate', lasting: { duplicate: 0.01 } },
  { name: 'reorder', lasting: { reorder: 0.02 } },
  { name: 'delay', lasting: short },
  { name: 'errors', lasting: { errors: 0.01 } },
  { name: 'deaf', deaf: 0.5 },
  { name: 'cut', lasting: long, burst: true, after: [cut] },
  { name: 'close', lasting: long, burst: true, after: [close] },
  { name: 'all', lasting: { ...usual, ...long }, burst: true, deaf: 0.02, after: [cut, close], again: true },
  { name: 'storm', lasting: { ...usual, ...short }, deaf: 0.2, meanwhile: [cut, close] },
];
const rounds = Array.from({ length: ROUNDS }, (_, i) => i + 1);

export const options = {
  scenarios: {
    listener: { executor: 'per-vu-iterations', vus: VUS, exec: 'listener', maxDuration: '1h' },
    broadcast: { executor: 'per-vu-iterations', vus: 1, exec: 'broadcast', maxDuration: '1h' },
  },
  thresholds: Object.fromEntries(rounds.map((round) => [`pushgw_lost{cause:cut,round:${round}}`, ['count>=0']])),
};

export async function listener() {
  for (let round = 1, ready = 1; ready > 0; round++) { // until the gateway refuses everybody
    ({ ready } = await client(round).listen({ connections: LISTENERS / VUS }));
  }
}

export async function broadcast() {
  let number = 0;
  try {
    for (const what of faults) {
      while (!(await round(++number, what))) {
        if (number === ROUNDS) throw new Error(`${what.name} can't be compared`);
        dismiss();
      }
      if (what !== faults[faults.length - 1]) dismiss();
    }
  } finally {
    post({ refuse: '403:1' });
    dismiss();
  }
}

/** One fault, and whether it can be compared. */
async function round(number, what) {
  const to = client(number);
  vu.metrics.tags.round = String(number);
  await to.ready({ listeners: LISTENERS, timeout: '2m' });
  while (stats().ready !== LISTENERS) await pause(20); // those of the round before have gone
  http.del(`${__ENV.HTTP_URL}/stats`);
  post({ ...what.lasting, deaf: what.deaf ? '1h' : '0s' });
  const plan = { count: BROADCASTS, rate: BROADCASTS / (what.burst ? 1 : SECONDS), settle: SETTLE, ...(side === 'events' ? { batch: 5 } : {}) };
  let sending = true;
  const broadcasting = to.broadcast(plan).finally(() => { sending = false; });
  await happen(what, () => sending);
  const results = [await broadcasting];
  let truth = await settled(to);
  if (what.again) {
    results.push(await to.broadcast(plan));
    truth = await settled(to);
  }
  http.del(`${__ENV.HTTP_URL}/faults`);
  if (!comparable(what, results, truth)) return false;
  const further = await to.broadcast({ count: 2, settle: SETTLE }); // to those who are left
  console.log(JSON.stringify({ fault: what.name, round: number, result: sum(results), truth, ready: truth.open, further }));
  return true;
}

/** What happens at certain times while broadcasts are sent. */
async function happen({ deaf, meanwhile = [], after = [] }, sending) {
  const once = async (so) => {
    while (sending() && !so(stats())) await pause(20);
  };
  const accepted = (n) => once(({ totals }) => totals.broadcasts >= n);
  if (deaf) {
    await once(({ totals }) => totals.deaf >= deaf * LISTENERS * BROADCASTS);
    post({ deaf: '0s' });
  }
  for (const [i, what] of meanwhile.entries()) {
    await accepted(BROADCASTS * (0.3 + 0.2 * i));
    post(what);
  }
  if (after.length > 0) await accepted(BROADCASTS);
  after.forEach(post);
}

/** Reports whether a fault has come about as it was meant to, so that it can be compared. */
function comparable({ meanwhile, after }, results, { totals }) {
  switch (true) {
    // What cuts listeners has cut the host, too. What it had sent by then may never have been
    // read, and be lost before the gateway knew of it.
    case results.some(({ unsent }) => unsent > 0):
    case results.some(({ late }) => late > 0): // the machine was too busy: lost, though the gateway wrote it
    case after && totals.gone + totals.failed === 0: // cut too late
    case meanwhile && results[0].missed === 0: // cut too late
      return false;
    default:
      return true;
  }
}

/** Adds up the counts of several results. */
const sum = (results) => Object.fromEntries(Object.keys(results[0]).map((key) => [key, results.reduce((n, result) => n + result[key], 0)]));

/** Ends everybody's connection. */
const dismiss = () => post({ close: { code: 1001, share: 1 } });

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

/** How many deliveries were lost because listeners were cut off, by round. */
export function handleSummary({ metrics }) {
  return { stdout: JSON.stringify(rounds.map((round) => metrics[`pushgw_lost{cause:cut,round:${round}}`].values.count)) };
}
