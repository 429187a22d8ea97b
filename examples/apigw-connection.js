// A connection that the script drives: it says something in a room, and a second one
// hears it. For what a few connections do in detail; thousands are listen()'s.
//
//   ./k6 run -e APIGW_URL=wss://{api-id}.execute-api.{region}.amazonaws.com/{stage} examples/apigw-connection.js
//
// Without a URL it goes to the local gateway, which has to be running: ./k6 x pushgw serve
import { apigw } from 'k6/x/pushgw';
import { check } from 'k6';

const gateway = new apigw.Client(__ENV.APIGW_URL || 'ws://127.0.0.1:8090/dev'); // the local gateway's

export const options = {
  scenarios: { chat: { executor: 'per-vu-iterations', vus: 1, exec: 'chat' } },
  thresholds: { checks: ['rate==1'], pushgw_connect_failed: ['count==0'], 'pushgw_closed{by:gateway}': ['count==0'] },
};

export async function chat() {
  const ann = await gateway.connect({ nickname: 'Ann', room: 'Room2' });
  const bob = await gateway.connect({ nickname: 'Bob', room: 'Room2' });
  bob.on('error', (error) => console.error(error.name, error.code, error.message));
  const heard = new Promise((resolve) => bob.on('message', (message) => resolve(message.data)));
  const closed = new Promise((resolve) => bob.on('close', resolve));

  ann.send('good morning');
  check(await heard, { 'what Ann says reaches Bob': (text) => text === 'Ann: good morning' });

  // An open connection holds the iteration open.
  await ann.close();
  await bob.close();
  check(await closed, { 'Bob has left as usual': ({ code }) => code === 1000 });
}
