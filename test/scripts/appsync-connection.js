// A connection to AppSync that the script drives: subscriptions come and go.
import { check } from 'k6';
import { appsync } from 'k6/x/pushgw';

const onCreateRoom = { query: 'subscription($owner: String) { onCreateRoom(owner: $owner) { title owner } }' };
const createRoom = 'mutation($title: String!, $owner: String) { createRoom(input: { title: $title, owner: $owner }) { id title owner } }';

const api = new appsync.Client(__ENV.APPSYNC_URL, {
  auth: { apiKey: __ENV.API_KEY },
  subscription: onCreateRoom,
});

export const options = { scenarios: { rooms: { executor: 'per-vu-iterations', exec: 'rooms' } } };

export async function rooms() {
  const connection = await api.connect();
  const heard = [];
  connection.on('message', (m) => heard.push({ id: m.id, title: JSON.parse(m.data).payload.data.onCreateRoom.title }));

  const all = await connection.subscribe();
  const anns = await connection.subscribe({ ...onCreateRoom, variables: { owner: 'Ann' } });
  check(all, { 'each subscription has its id': () => all.id !== '' && all.id !== anns.id });

  const created = await create('first', 'Bob');
  check(created, { 'graphql() resolves with the data': (room) => room.title === 'first' && room.id !== '' });
  await create('second', 'Ann');
  await until(() => heard.length === 3);
  check(heard, {
    'one hears of all rooms': () => titles(all) === 'first,second',
    'the other of its own': () => titles(anns) === 'second',
  });

  await all.unsubscribe();
  await create('third', 'Ann');
  await until(() => heard.length === 4);
  check(heard, { 'and none once it is ended': () => titles(all) === 'first,second' && titles(anns) === 'second,third' });

  let refused;
  await all.unsubscribe().catch((e) => (refused = e));
  check(refused, { 'which can be done once': (e) => e.name === 'UsageError' });
  await connection.close();

  function titles(subscription) {
    return heard.filter((m) => m.id === subscription.id).map((m) => m.title).join();
  }
}

async function create(title, owner) {
  return (await api.graphql({ query: createRoom, variables: { title, owner } })).createRoom;
}

async function until(condition) {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}
