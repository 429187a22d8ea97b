// One group of listeners, whose connections may be refused or cut.
import { apigw } from 'k6/x/pushgw';

const gateway = new apigw.Client(__ENV.APIGW_URL);

export const options = { scenarios: { listener: { executor: 'per-vu-iterations', exec: 'listener' } } };

export async function listener() {
  console.log(JSON.stringify(await gateway.listen({ connections: 100, duration: '8s' })));
}
