// One of several processes that share a test. One of them has the VU that broadcasts.
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

export const listener = () => gateway.listen({ duration: '15s' });

export async function broadcast() {
  const ready = await gateway.ready({ listeners: LISTENERS }); // those of all processes
  console.log(JSON.stringify({ ready, result: await gateway.broadcast({ count: BROADCASTS }) }));
}
