// What a backend does by @connections, and what each kind of request gets that can't be done.
import { apigw } from 'k6/x/pushgw';

const KEYS = __ENV.KEYS ? JSON.parse(__ENV.KEYS) : undefined;
const auth = KEYS && { iam: KEYS };
const handshake = [
  { send: 'Me', expect: 'Using nick' },
  { send: '/whoami', pattern: '^(?<connectionId>[\\w-]{15}=)$' },
];
const client = new apigw.Client(__ENV.APIGW_URL, { auth, handshake });

/** @param {() => Promise<any>} f */
async function caught(f) {
  try {
    return { returned: await f() };
  } catch (e) {
    const { name, code, message } = /** @type {import('k6/x/pushgw').PushError} */ (e);
    return { error: `${name} ${code} ${message}` };
  }
}

export default async function () {
  const connection = await client.connect();
  const id = connection.connectionId || '';
  const closed = new Promise((resolve) => connection.on('close', resolve));
  const posted = new Promise((resolve) => connection.on('message', resolve));
  const wrong = JSON.parse(__ENV.WRONG).map((/** @type {any} */ options) => new apigw.Client(__ENV.APIGW_URL, options));
  /** @type {{[what: string]: any}} */
  const said = {
    long: await caught(() => client.post(id, 'x'.repeat(128 * 1024 + 1))),
    malformed: await caught(() => client.post('nonsense', 'hello')),
    elsewhere: await caught(() => new apigw.Client(__ENV.APIGW_URL, { auth, managementUrl: __ENV.ELSEWHERE }).post(id, 'hello')),
    wrong: [],
  };
  for (const other of wrong) {
    for (const f of [() => other.post(id, 'hello'), () => other.get(id), () => other.delete(id)]) {
      said.wrong.push((await caught(f)).error);
    }
  }
  said.post = await caught(() => client.post(id, 'hellö'));
  said.data = (await posted).data;
  said.get = await caught(() => client.get(id));
  said.delete = await caught(() => client.delete(id));
  said.close = await closed;
  said.gone = [await caught(() => client.post(id, 'hello')), await caught(() => client.get(id)), await caught(() => client.delete(id))];
  console.log(JSON.stringify(said));
}
