// A soak in the midst of which the gateway delivers nothing for a time, or for the rest.
import http from 'k6/http';
import { apigw } from 'k6/x/pushgw';

const LISTENERS = Number(__ENV.LISTENERS);
const FAULT_ENDS = __ENV.FAULT_ENDS === 'yes';
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

const gateway = new apigw.Client(__ENV.APIGW_URL);

export const options = {
  scenarios: {
    listener: { executor: 'per-vu-iterations', exec: 'listener' },
    broadcast: { executor: 'per-vu-iterations', exec: 'broadcast' },
  },
  thresholds: FAULT_ENDS ? {} : { pushgw_lost: [{ threshold: 'count==0', abortOnFail: true }] },
};

export const listener = () => gateway.listen({ connections: LISTENERS, until: 'broadcast' });

export async function broadcast() {
  await gateway.ready({ listeners: LISTENERS });
  const over = faults();
  const result = await gateway.broadcast({ until: FAULT_ENDS ? over : '2m', rate: 10, settle: '1s' });
  console.log(JSON.stringify(result));
}

async function faults() {
  await pause(1000);
  http.post(`${__ENV.HTTP_URL}/faults`, JSON.stringify({ drop: 1 }));
  if (!FAULT_ENDS) return;
  await pause(1000);
  http.del(`${__ENV.HTTP_URL}/faults`);
  await pause(4000);
}
