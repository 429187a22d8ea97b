// Another application than the chat, which talks JSON: how a connection becomes ready, what
// its id is, and what a backend does with that.
import { apigw } from 'k6/x/pushgw';

const application = new apigw.Client(__ENV.URL, {
  handshake: [
    { contains: '"presence"' },
    { send: '{"action":"whoami"}', pattern: /"connectionId":"(?<connectionId>[^"]+)"/, counter: 'identified' },
    { send: '{"action":"subscribe"}', pattern: '"type": ?"subscribed"', timeout: '10s', counter: 'subscribed' },
  ],
});

export async function listener() {
  console.log(JSON.stringify(await application.listen({ connections: 3, duration: '1s' })));
}

export async function backend() {
  const connection = await application.connect();
  const { connectionId = '' } = connection;
  const closed = new Promise((resolve) => connection.on('close', resolve));
  const posted = new Promise((resolve) => connection.on('message', resolve));
  await application.post(connectionId, '{"event":"order","id":7}');
  const { data } = await posted;
  const info = await application.get(connectionId);
  await application.delete(connectionId);
  const { code } = await closed;
  let gone;
  try {
    await application.post(connectionId, 'too late');
  } catch (e) {
    const { name, message, code } = /** @type {import('k6/x/pushgw').PushError} */ (e);
    gone = { name, message, code };
  }
  console.log(JSON.stringify({ connectionId, data, info, code, gone }));
}

export const options = {
  scenarios: {
    listener: { executor: 'per-vu-iterations', exec: 'listener' },
    backend: { executor: 'per-vu-iterations', exec: 'backend' },
  },
};
