// A script that ends the whole test while listeners listen.
import exec from 'k6/execution';
import { apigw } from 'k6/x/pushgw';

const gateway = new apigw.Client(__ENV.APIGW_URL);

export const options = {
  scenarios: {
    listener: { executor: 'per-vu-iterations', exec: 'listener', vus: 5 },
    broadcast: { executor: 'per-vu-iterations', exec: 'broadcast' },
  },
};

export const listener = () => gateway.listen({ connections: 2 });

export async function broadcast() {
  await gateway.ready({ listeners: 10 });
  await gateway.broadcast({ count: 3 });
  exec.test.abort('enough');
}
