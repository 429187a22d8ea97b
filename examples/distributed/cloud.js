// A broadcast test in a private load zone of Grafana Cloud k6, kubernetes/privateloadzone.yaml:
//
//   k6 cloud run -e APIGW_URL=wss://{id}.execute-api.{region}.amazonaws.com/{stage} -e LISTENERS=40000 -e VUS=80 cloud.js
import { options as test } from '../apigw-broadcast.js';

export { listener, broadcast } from '../apigw-broadcast.js';

export const options = { ...test, cloud: { distribution: { all: { loadZone: 'pushgw', percent: 100 } } } };
