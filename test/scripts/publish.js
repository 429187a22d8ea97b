// A publisher without listeners of its own: those are another process's.
import { apigw, appsync } from 'k6/x/pushgw';

const plan = { count: Number(__ENV.BROADCASTS), rate: 20, settle: 0 };
const room = new apigw.Client(__ENV.APIGW_URL);
const api = new appsync.Client(__ENV.APPSYNC_URL, {
  auth: { apiKey: __ENV.API_KEY || 'da2-localpushgatewayapikey0001' },
  subscription: { query: 'subscription { onCreateRoom { title } }' },
  mutation: { query: 'mutation { createRoom(input: { title: "{{stamp}}" }) { title } }' },
});

export default async function () {
  const listeners = Number(__ENV.LISTENERS); // of other processes
  if (listeners) await Promise.all([room.ready({ listeners }), api.ready({ listeners })]);
  console.log(JSON.stringify({ room: await room.broadcast(plan), api: await api.broadcast(plan) }));
}
