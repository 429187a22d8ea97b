// One of several processes that share a test and a gateway, under one fault after another.
// One of them broadcasts, all listen, and each says what its listeners lost. Listeners come
// anew for each round, and each round has an audience of its own.
import { apigw, appsync, events } from 'k6/x/pushgw';
import http from 'k6/http';
import { vu } from 'k6/execution';

const LISTENERS = Number(__ENV.LISTENERS); // of all processes
const VUS = Number(__ENV.VUS); // a multiple of the number of processes
const BROADCASTS = Number(__ENV.BROADCASTS);
const SECONDS = Number(__ENV.SECONDS); // in which the broadcasts are sent
const UNHEARD = 5; // so many of the last broadcasts nobody hears, in the round with that name
const ROUNDS = 24; // at most: some are done again
const side = __ENV.GATEWAY;
const SETTLE = 5000; // much longer than any delivery takes, also where the machine is busy

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

const usual = { drop: 0.01, duplicate: 0.01, reorder: 0.01, errors: 0.01, stopKeepAlive: true };
const short = { delay: '1ms..200ms' };
const long = { delay: '1s..2s' }; // most is under way when a burst has been sent
const cut = { cut: 0.05 };
const close = { close: { code: 1011, share: 0.05 } };
/**
 * Faults that last, and those that happen once: while broadcasts are sent, or when all have
 * been accepted. Burst: they are sent within a second. Deaf: everybody hears nothing until so
 * large a share of the deliveries was withheld. Unheard: nobody hears the last. Again: those
 * who are left then hear a second series.
 *
 * In the storm, what was lost can't be one number. A listener of another process than the
 * publisher's is cut off at about the time at which a broadcast is published, and which of
 * the two came first no process can tell: the one knows the one time, the other the other,
 * and their clocks are known to agree only as well as messages are fast.
 */
const faults = [
  { name: 'none' },
  { name: 'drop', lasting: { drop: '1/100' } },
  { name: 'duplicate', lasting: { duplicate: 0.01 } },
  { name: 'reorder', lasting: { reorder: 0.02 } },
  { name: 'delay', lasting: short },
  { name: 'errors', lasting: { errors: 0.01 } },
  { name: 'deaf', deaf: 0.5 },
  { name: 'unheard', unheard: true },
  { name: 'cut', lasting: long, burst: true, after: [cut] },
  { name: 'close', lasting: long, burst: true, after: [close] },
  { name: 'all', lasting: { ...usual, ...long }, burst: true, deaf: 0.02, after: [cut, close], again: true },
  { name: 'storm', lasting: { ...usual, ...short }, deaf: 0.2, meanwhile: [cut, close] },
].filter(({ name }) => !__ENV.FAULTS || __ENV.FAULTS.split(',').includes(name));

/** What is counted of each round. */
const counters = {
  lost: 'pushgw_lost',
  missed: 'pushgw_missed',
  indeterminate: 'pushgw_indeterminate',
  duplicated: 'pushgw_duplicated',
  reordered: 'pushgw_reordered',
  unclosed: 'pushgw_unclosed',
  read: 'msg_received_counter',
};
const rounds = Array.from({ length: ROUNDS }, (_, i) => i + 1);

export const options = {
  scenarios: {
    listener: { executor: 'per-vu-iterations', vus: VUS, exec: 'listener', maxDuration: '1h' },
    broadcast: { executor: 'per-vu-iterations', vus: 1, exec: 'broadcast', maxDuration: '1h' },
  },
  thresholds: Object.fromEntries(rounds.flatMap((round) => [
    ...Object.values(counters).map((name) => [`${name}{round:${round}}`, ['count>=0']]),
    [`pushgw_reach{round:${round}}`, ['rate>=0']],
  ])),
};

export async function listener() {
  for (let round = 1, ready = 1; ready > 0; round++) { // until the gateway refuses everybody
    vu.metrics.tags.round = String(round);
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
  await onlyListeners();
  await to.ready({ listeners: LISTENERS }); // so that it is known who was there before the first broadcast
  await onlyListeners();
  http.del(`${__ENV.HTTP_URL}/stats`);
  const results = [];
  if (what.deaf) {
    results.push(await to.broadcast({ count: 1, settle: SETTLE })); // or else nobody would hear of the publisher before the midst
    await onlyListeners();
    post({ deaf: '1h' });
  }
  post(what.lasting || {});
  const plan = { count: BROADCASTS, rate: BROADCASTS / (what.burst ? 1 : SECONDS), settle: SETTLE };
  let sending = true;
  const broadcasting = to.broadcast(plan).finally(() => { sending = false; });
  await happen(what, results.length, () => sending);
  results.push(await broadcasting);
  let truth = await settled();
  if (what.again) {
    results.push(await to.broadcast(plan));
    truth = await settled();
  }
  http.del(`${__ENV.HTTP_URL}/faults`);
  if (!comparable(what, results, truth)) return false;
  const sent = results.reduce((n, result) => n + result.sent, 0);
  console.log(JSON.stringify({ fault: what.name, round: number, sent, truth }));
  return true;
}

/** What happens at certain times while broadcasts are sent, after so many others. */
async function happen({ deaf, unheard, meanwhile = [], after = [] }, others, sending) {
  const once = async (so) => {
    while (sending() && !so(stats())) await pause(20);
  };
  const accepted = (n) => once(({ totals }) => totals.broadcasts >= others + n);
  if (deaf) {
    await once(({ totals }) => totals.deaf >= deaf * LISTENERS * BROADCASTS);
    post({ deaf: '0s' });
  }
  for (const [i, what] of meanwhile.entries()) {
    await accepted(BROADCASTS * (0.3 + 0.2 * i));
    post(what);
  }
  if (unheard) {
    await accepted(BROADCASTS - 2 * UNHEARD); // in good time
    post({ drop: 1 });
    await accepted(BROADCASTS);
    await idle();
    post({ drop: 0 }); // or else the end of the series would never be heard of
  }
  if (after.length > 0) {
    await accepted(BROADCASTS);
    await pause(500); // longer than by what the processes' clocks are known, and shorter than any delivery takes
  }
  after.forEach(post);
}

/** Reports whether a fault has come about as it was meant to, so that it can be compared. */
function comparable({ meanwhile, after, unheard }, results, { totals, echoes, accepted, last }) {
  const sent = results.reduce((n, result) => n + result.sent, 0);
  switch (true) {
    case results.some(({ unsent }) => unsent > 0): // what cuts listeners has cut the host, too
    case results.some(({ late }) => late > 0): // the machine was too busy: lost, though the gateway wrote it
    case accepted !== (side === 'apigw' ? results.length : 0): // not only hosts: a process has answered the barrier again
    case unheard && last.some(({ delivered }) => delivered > 0): // dropped too late
    case after && totals.gone + totals.failed === 0: // cut too late
    case meanwhile && totals.audience - echoes.audience === LISTENERS * sent: // cut too late
      return false;
    default:
      return true;
  }
}

/**
 * Waits until all listeners are in their room, and nobody else is: not those connections by
 * which other processes answered, nor the host of the series before.
 */
async function onlyListeners() {
  while (stats().ready !== LISTENERS) await pause(20);
}

/** Ends everybody's connection. */
const dismiss = () => post({ close: { code: 1001, share: 1 } });

/** What the gateway did, once nothing is under way. */
async function settled() {
  const { totals, echoes, control, accepted, broadcasts } = await idle();
  await pause(500); // what was written is read, and a host's closing is over
  return { totals, echoes, control, accepted, last: broadcasts.slice(-UNHEARD) };
}

/** Waits until nothing is under way. */
async function idle() {
  for (;;) {
    const now = stats();
    if (now.totals.pending === 0 && now.control.pending === 0) return now;
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
      received: value('pushgw_reach', round).passes,
      ...Object.fromEntries(Object.entries(counters).map(([key, name]) => [key, value(name, round).count])),
    }))),
  };
}
