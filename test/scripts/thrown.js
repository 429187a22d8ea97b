// A handler that throws ends its iteration, and with it the connection.
import { apigw } from 'k6/x/pushgw';

const gateway = new apigw.Client(__ENV.APIGW_URL);

export default async function () {
  const ann = await gateway.connect({ nickname: 'Ann' });
  ann.on('message', () => {
    throw new Error('thrown by a handler');
  });
  ann.send('hello');
}
