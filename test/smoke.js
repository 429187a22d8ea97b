// Passes without any gateway if k6 has the extension: clients can be made, and a wrong option is refused by its
// name. `xk6 lint` runs it.
import { apigw, appsync } from 'k6/x/pushgw';

new apigw.Client('wss://abc.execute-api.eu-west-1.amazonaws.com/production', { room: 'Room1' });
new appsync.Client('https://abc.appsync-api.eu-west-1.amazonaws.com/graphql', {
  auth: { apiKey: 'da2-key' },
  subscription: { query: 'subscription { onCreateRoom { title } }' },
  mutation: { query: 'mutation { createRoom(input: { title: "{{stamp}}" }) { title } }' },
});

let refusal = '';
try {
  // @ts-expect-error: what is being tested
  new apigw.Client('wss://abc.execute-api.eu-west-1.amazonaws.com/production', { rooms: 'Room1' });
} catch (error) {
  refusal = String(error);
}
if (!refusal.includes('rooms')) {
  throw new Error(`the unknown option was not refused: ${refusal}`);
}

export default function () {}
