// An AppSync schema of one's own and a user pool's tokens, tried without AWS:
//
//   ./k6 x pushgw serve --schema examples/orders.graphql --issuer
//   ./k6 run examples/appsync-orders.js
import http from 'k6/http';
import { appsync } from 'k6/x/pushgw';

const URL = __ENV.APPSYNC_URL || 'http://127.0.0.1:8090/graphql'; // the local gateway's
const LISTENERS = Number(__ENV.LISTENERS || 10);
const BROADCASTS = Number(__ENV.BROADCASTS || 10);

let token; // one for all VUs, which setup() fetches

const api = new appsync.Client(URL, {
  auth: { token: () => token },
  subscription: {
    query: 'subscription($customer: ID!) { onOrder(customer: $customer) { id status note } }',
    variables: { customer: '7' },
  },
  mutation: {
    query: `mutation($note: String!) {
      placeOrder(input: { customer: "7", items: [{ name: "tea" }], note: $note }) { id customer status note }
    }`,
    variables: { note: '{{stamp}}' },
  },
});

export const options = {
  scenarios: {
    subscriber: { executor: 'per-vu-iterations', vus: 1, exec: 'subscriber' },
    publisher: { executor: 'per-vu-iterations', vus: 1, exec: 'publisher' },
  },
  thresholds: {
    subscribed_success_counter: [`count==${LISTENERS}`],
    msg_received_counter: [`count==${LISTENERS * BROADCASTS}`],
    pushgw_connect_failed: ['count==0'],
    pushgw_lost: ['count==0'],
    pushgw_missed: ['count==0'],
    pushgw_unsent: ['count==0'],
    pushgw_indeterminate: ['count==0'],
    pushgw_errors: ['count==0'],
    'pushgw_closed{by:gateway}': ['count==0'],
  },
};

export async function setup() {
  const response = await http.asyncRequest('GET', URL.replace('/graphql', '/token?sub=me&expires=1h'));
  if (response.status !== 200) throw new Error(`there is no token: status ${response.status}`);
  return { token: response.body };
}

export async function subscriber(data) {
  token = data.token;
  await api.listen({ connections: LISTENERS, until: 'broadcast', duration: '10m' });
}

export async function publisher(data) {
  token = data.token;
  await api.ready({ listeners: LISTENERS });
  const result = await api.broadcast({ count: BROADCASTS });
  console.log(`AppSync ${JSON.stringify(result)}`);
}
