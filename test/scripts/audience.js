// Listeners on both gateways, for broadcasts that come from another process.
import { apigw, appsync } from 'k6/x/pushgw';

const hold = { connections: Number(__ENV.LISTENERS), duration: '15s' };
const room = new apigw.Client(__ENV.APIGW_URL);
const api = new appsync.Client(__ENV.APPSYNC_URL, {
  auth: { apiKey: __ENV.API_KEY || 'da2-localpushgatewayapikey0001' },
  mutation: { query: 'mutation { createRoom(input: { title: "{{stamp}}" }) { title } }' }, // for answers
  subscription: { query: 'subscription { onCreateRoom { title } }' },
});

export default async function () {
  await Promise.all([room.listen(hold), api.listen(hold)]);
}
