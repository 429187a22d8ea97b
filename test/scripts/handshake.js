// Another application than the chat: the handshake is the script's.
import { apigw } from 'k6/x/pushgw';

const gateway = new apigw.Client(__ENV.APIGW_URL, {
  nickname: 'Ann',
  room: 'Lobby',
  handshake: [
    { send: '{{nickname}}', expect: 'Using nickname', counter: 'named' },
    { send: '/join {{room}}', expect: 'Joined chat room "Lobby"', counter: 'joined' },
    { send: '/room', expect: 'Lobby' },
  ],
});

export const options = {
  scenarios: {
    listener: { executor: 'per-vu-iterations', exec: 'listener' },
    broadcast: { executor: 'per-vu-iterations', exec: 'broadcast' },
  },
  thresholds: { named: ['count==4'], joined: ['count==4'] },
};

export async function listener() {
  console.log(JSON.stringify(await gateway.listen({ connections: 3, rate: 100, until: 'broadcast' })));
}

export async function broadcast() {
  await gateway.ready({ listeners: 3 });
  console.log(JSON.stringify(await gateway.broadcast({ count: 2, message: 'said at {{stamp}}!' })));
}
