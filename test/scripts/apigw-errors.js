// A connection to which its gateway sends error frames and says goodbye in its own way.
import http from 'k6/http';
import { check } from 'k6';
import { apigw } from 'k6/x/pushgw';

const gateway = new apigw.Client(__ENV.APIGW_URL);

export const options = { scenarios: { errors: { executor: 'per-vu-iterations', exec: 'errors' } } };

export async function errors() {
  const ann = await gateway.connect({ nickname: 'Ann' });
  const error = new Promise((resolve) => ann.on('error', resolve));
  const message = new Promise((resolve) => ann.on('message', resolve));
  const closed = new Promise((resolve) => ann.on('close', resolve));

  faults({ errors: '1' }); // an error frame before every delivery
  await ann.broadcast();
  check(await error, { 'an error frame is an error': (e) => e instanceof Error && e.name === 'GatewayError' });
  check(await message, { 'and no message': (m) => m.data.startsWith('Ann: ') });

  faults({ close: '1001:1' });
  check(await closed, { 'the gateway hung up': (c) => c.code === 1001 });
}

function faults(settings) {
  http.post(__ENV.FAULTS_URL, JSON.stringify(settings));
}
