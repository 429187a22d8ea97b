// Setup or teardown, as STAGE says, fails while connections are open and busy, PAUSE
// milliseconds after they were opened.
import { apigw } from 'k6/x/pushgw';

const gateway = new apigw.Client(__ENV.URL);

const fail = async () => {
  for (let i = 0; i < 5; i++) {
    const host = await gateway.connect();
    host.on('message', () => null);
  }
  await new Promise((resolve) => setTimeout(resolve, Number(__ENV.PAUSE)));
  throw new Error(`${__ENV.STAGE} has failed`);
};

export const setup = () => (__ENV.STAGE === 'setup' ? fail() : null);
export default function () {}
export const teardown = () => (__ENV.STAGE === 'teardown' ? fail() : null);
