// Everything that connects, where nothing can be reached or let in: DIALECT, URL and
// OPTIONS (JSON) say with what. Whatever comes of it is logged.
import { apigw, appsync } from 'k6/x/pushgw';

/** @type {any} */
const dialect = __ENV.DIALECT === 'apigw' ? apigw : appsync;
const client = new dialect.Client(__ENV.URL, JSON.parse(__ENV.OPTIONS || '{}'));

export const options = { scenarios: { failures: { executor: 'per-vu-iterations', exec: 'failures' } } };

export async function failures() {
  await outcome('listen', () => client.listen({ connections: 3 }));
  await outcome('connect', () => client.connect());
  await outcome('broadcast', () => client.broadcast());
}

/**
 * @param {string} method
 * @param {() => Promise<any>} call
 */
async function outcome(method, call) {
  try {
    const result = await call();
    console.log(JSON.stringify({ method, result }));
    if (method === 'connect') await result.close();
  } catch (e) {
    const { name, code, message } = /** @type {import('k6/x/pushgw').PushError} */ (e);
    console.log(JSON.stringify({ method, error: e instanceof Error, name, code, message }));
  }
}
