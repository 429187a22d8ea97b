// One of several processes that share a test. One of them has the VU that broadcasts.
import http from 'k6/http';
import { sleep } from 'k6';
import { apigw } from 'k6/x/pushgw';

const LISTENERS = Number(__ENV.LISTENERS);
const BROADCASTS = Number(__ENV.BROADCASTS);
const gateway = new apigw.Client(__ENV.APIGW_URL, { connectRate: 20 });

export const options = {
  scenarios: {
    listener: { executor: 'per-vu-iterations', exec: 'listener', vus: LISTENERS },
    broadcast: { executor: 'per-vu-iterations', exec: 'broadcast' },
  },
};

export const listener = () => gateway.listen({ duration: '8s' });

export async function broadcast() {
  const ready = await gateway.ready({ listeners: LISTENERS }); // those of this process
  while (Number(http.get(__ENV.STATS_URL).json('apigw.ready')) < LISTENERS) sleep(0.05); // those of all
  console.log(JSON.stringify({ ready, result: await gateway.broadcast({ count: BROADCASTS }) }));
}
