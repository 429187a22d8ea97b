// Listens for a few seconds and ends as it is told to.
import exec from 'k6/execution';
import { apigw } from 'k6/x/pushgw';

const END = __ENV.END;
const gateway = new apigw.Client(__ENV.APIGW_URL);

export const options = {
  scenarios: { listener: { executor: 'per-vu-iterations', vus: 1, exec: 'listener' } },
  thresholds: {
    pushgw_connections: END === 'threshold' ? [{ threshold: 'value<1', abortOnFail: true }] : [],
    ws_sessions: END === 'thresholds' ? ['count==77'] : [],
  },
};

export async function setup() {
  if (END === 'setup') {
    const connection = await gateway.connect();
    await connection.close();
    throw new Error('no rooms');
  }
}

export async function listener() {
  const listening = gateway.listen({ duration: END === 'threshold' || END === 'interrupt' ? '1m' : '3s' });
  if (END === 'interrupt') {
    await gateway.ready({ listeners: 1 });
    console.log(JSON.stringify({ ready: true }));
  }
  await listening;
  if (END === 'fail') exec.test.fail('too few rooms');
  if (END === 'script') exec.test.abort('too few rooms');
}
