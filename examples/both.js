// Both gateways at once: the two broadcast examples in one test. `make run` runs it, with a local
// gateway beside it.
import { options as apigw } from './apigw-broadcast.js';
import { options as appsync } from './appsync-broadcast.js';

export { listener, broadcast } from './apigw-broadcast.js';
export { subscriber, publisher } from './appsync-broadcast.js';

export const options = {
  scenarios: { ...apigw.scenarios, ...appsync.scenarios },
  thresholds: { ...apigw.thresholds, ...appsync.thresholds },
};
