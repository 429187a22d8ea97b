// Two connections to the chat application that the script drives, and what they hear.
import { check } from 'k6';
import { apigw } from 'k6/x/pushgw';

const gateway = new apigw.Client(__ENV.APIGW_URL);

export const options = { scenarios: { chat: { executor: 'per-vu-iterations', exec: 'chat' } } };

export async function chat() {
  const ann = await gateway.connect({ nickname: 'Ann' });
  const bob = await gateway.connect({ nickname: 'Bob' });
  check(ann, { 'a connection knows itself': () => ann.nickname === 'Ann' && ann.room === 'Room1' });

  ann.send('hello');
  check(await heard(bob), { 'a text reaches the room': (m) => m.data === 'Ann: hello' && m.id === '' });

  bob.send('/room');
  check(await heard(bob), { 'an answer is a message': (m) => m.data === 'Room1' });

  await bob.join('Room2');
  check(bob, { 'it is in another room': () => bob.room === 'Room2' });
  bob.send('/room');
  check(await heard(bob, 'Room2'), { 'so says the application': (m) => m.data === 'Room2' });

  const closed = happened(bob, 'close');
  await bob.close();
  check(await closed, { 'it is closed as usual': (c) => c.code === 1000 });
  await ann.close();
}

/** The next message, or the next that is this text. */
function heard(connection, text) {
  return new Promise((resolve) => connection.on('message', (m) => (!text || m.data === text) && resolve(m)));
}

function happened(connection, event) {
  return new Promise((resolve) => connection.on(event, resolve));
}
