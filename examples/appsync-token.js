// A broadcast test of an AppSync API that asks for tokens of users: each listener logs in as a
// user of its own as it connects.
//
//   ./k6 run -e APPSYNC_URL=https://{id}.appsync-api.{region}.amazonaws.com/graphql -e CLIENT_ID=… -e REGION=… -e PASSWORD=… examples/appsync-token.js
//
// logs in to a Cognito user pool whose app client allows USER_PASSWORD_AUTH and has no secret,
// with the users user-0, user-1 and so on, and publisher. Without a URL it goes to the local
// gateway, which has to be running and makes the tokens: ./k6 x pushgw serve --issuer
import http from 'k6/http';
import { appsync } from 'k6/x/pushgw';

const URL = __ENV.APPSYNC_URL || 'http://127.0.0.1:8090/graphql';
const COGNITO_URL = __ENV.COGNITO_URL || `https://cognito-idp.${__ENV.REGION}.amazonaws.com/`; // or a stand-in's
const LISTENERS = Number(__ENV.LISTENERS || 100);
const BROADCASTS = Number(__ENV.BROADCASTS || 10);
const RATE = Number(__ENV.RATE || 5); // broadcasts a second
const HOLD = __ENV.HOLD || '10m'; // how long the listeners stay at most; when the broadcasts are over they go
const CONNECT_RATE = Number(__ENV.CONNECT_RATE || 10); // connections a second, and so logins

const api = new appsync.Client(URL, {
  auth: { token },
  connectRate: CONNECT_RATE,
  subscription: { query: 'subscription { onCreateRoom { __typename id title } }' },
  mutation: {
    query: 'mutation($title: String!) { createRoom(input: { title: $title }) { id title } }',
    variables: { title: 'room-{{stamp}}' },
  },
});

export const options = {
  scenarios: {
    subscriber: { executor: 'per-vu-iterations', exec: 'subscriber', maxDuration: '1h' },
    publisher: { executor: 'per-vu-iterations', exec: 'publisher', maxDuration: '1h' },
  },
  thresholds: {
    subscribed_success_counter: [`count==${LISTENERS}`],
    'msg_received_counter{gateway:appsync}': [`count==${LISTENERS * BROADCASTS}`],
    'pushgw_connect_failed{gateway:appsync}': ['count==0'],
    'pushgw_lost{gateway:appsync}': ['count==0'],
    'pushgw_missed{gateway:appsync}': ['count==0'],
    'pushgw_unsent{gateway:appsync}': ['count==0'],
    'pushgw_indeterminate{gateway:appsync}': ['count==0'],
    'pushgw_errors{gateway:appsync}': ['count==0'],
    'pushgw_closed{gateway:appsync,by:gateway}': ['count==0'],
  },
};

// A connection asks once, with its index. A mutation asks without one, so its token is kept.
let kept = { until: 0 };
function token(index) {
  if (index !== undefined) return login(`user-${index}`);
  if (Date.now() > kept.until) {
    kept = { promise: login('publisher'), until: Date.now() + 50 * 60 * 1000 };
    kept.promise.catch(() => (kept = { until: 0 })); // the next mutation tries again
  }
  return kept.promise;
}

async function login(user) {
  if (__ENV.CLIENT_ID) return loginToCognito(user);
  const response = await http.asyncRequest('GET', `${URL.replace('/graphql', '/token')}?sub=${user}`, null, { tags: { name: 'token' } });
  if (response.status !== 200) throw new Error(`${user} can't log in: status ${response.status}`);
  return response.body;
}

async function loginToCognito(user) {
  const response = await http.asyncRequest(
    'POST',
    COGNITO_URL,
    JSON.stringify({
      AuthFlow: 'USER_PASSWORD_AUTH',
      ClientId: __ENV.CLIENT_ID,
      AuthParameters: { USERNAME: user, PASSWORD: __ENV.PASSWORD },
    }),
    { headers: { 'Content-Type': 'application/x-amz-json-1.1', 'X-Amz-Target': 'AWSCognitoIdentityProviderService.InitiateAuth' } },
  );
  if (response.status !== 200) {
    const reason = `${response.body}`.replaceAll(__ENV.PASSWORD, '…'); // in case that repeats it
    throw new Error(`${user} can't log in: status ${response.status}, ${reason}`);
  }
  const idToken = response.json('AuthenticationResult.IdToken');
  if (!idToken) throw new Error(`${user} can't log in: Cognito asks for more than the password (${response.json('ChallengeName')})`);
  return idToken;
}

export async function subscriber() {
  await api.listen({ connections: LISTENERS, until: 'broadcast', duration: HOLD });
}

export async function publisher() {
  await api.ready({ listeners: LISTENERS, canary: true, timeout: HOLD }); // CONNECT_RATE says how long it takes
  const result = await api.broadcast({ count: BROADCASTS, rate: RATE });
  console.log(`AppSync ${JSON.stringify(result)}`);
}
