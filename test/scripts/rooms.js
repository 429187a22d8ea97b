// Listeners of three rooms, from three VUs, and a broadcast to each room.
import { apigw } from 'k6/x/pushgw';

const scenario = { executor: 'per-vu-iterations', vus: 1, maxDuration: '1m' };
export const options = {
  scenarios: {
    listener: { ...scenario, exec: 'listener', vus: 3 },
    broadcast: { ...scenario, exec: 'broadcast' },
  },
};

const gateway = new apigw.Client(__ENV.APIGW_URL, { room: (index) => `Room${index % 3}` });

export async function listener() {
  await gateway.listen({ connections: 6, duration: '15s' });
}

export async function broadcast() {
  await gateway.ready({ listeners: 18, canary: true });
  for (const [count, room] of ['Room0', 'Room1', 'Room2'].entries()) {
    const { ready } = await gateway.ready({ listeners: 6, audience: room });
    console.log(JSON.stringify({ ready }));
    console.log(JSON.stringify(await gateway.broadcast({ audience: room, count: count + 1 })));
  }
}
