// Broadcasts as the scripts of AWS's published benchmark sent them, without a stamp of ours.
import { apigw } from 'k6/x/pushgw';

const gateway = new apigw.Client(__ENV.APIGW_URL, { stampPattern: 'room-(\\d{13})' });

export const options = {
  scenarios: {
    listener: { executor: 'per-vu-iterations', exec: 'listener' },
    broadcast: { executor: 'per-vu-iterations', exec: 'broadcast' },
  },
};

export async function listener() {
  console.log(JSON.stringify(await gateway.listen({ connections: 5, duration: '8s' })));
}

export async function broadcast() {
  await gateway.ready({ listeners: 5 });
  const host = await gateway.connect();
  for (let i = 0; i < 3; i++) host.send(`room-${Date.now()}`);
  host.send('no broadcast');
  await new Promise((resolve) => host.on('message', (m) => m.data.endsWith('no broadcast') && resolve(m)));
  await host.close(); // no sooner: the gateway forgets what it has not handled yet
}
