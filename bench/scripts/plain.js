// The same load by the means of k6 alone, as in AWS's published benchmark: one VU and one
// k6/ws socket for each listener, JavaScript for each frame. Only the broadcasts
// are the extension's, so that both are held against the same ground truth.
import { apigw } from 'k6/x/pushgw';
import http from 'k6/http';
import { sleep } from 'k6';
import ws from 'k6/ws';
import { Counter, Trend } from 'k6/metrics';

const LISTENERS = Number(__ENV.LISTENERS);
const BROADCASTS = Number(__ENV.BROADCASTS);
const RATE = Number(__ENV.RATE);
const HOLD = 20 + LISTENERS / 1000 + (BROADCASTS && BROADCASTS / RATE); // s

const received = new Counter('msg_received_counter');
const delay = new Trend('ws_resp_delay', true);
const gateway = new apigw.Client(__ENV.APIGW_URL);

export const options = {
  insecureSkipTLSVerify: true,
  summaryTrendStats: ['avg', 'p(50)', 'p(95)', 'max', 'count'],
  // Nothing is measured where the gateway hangs up, or isn't reached.
  thresholds: { 'pushgw_closed{by:gateway}': ['count==0'], pushgw_unsent: ['count==0'], pushgw_missed: ['count==0'] },
  scenarios: {
    listener: {
      executor: 'ramping-vus', exec: 'listener', startTime: '2s', gracefulStop: '5s', gracefulRampDown: '5s',
      stages: [{ duration: `${LISTENERS / 1000}s`, target: LISTENERS }, { duration: `${HOLD}s`, target: LISTENERS }],
    },
    broadcast: { executor: 'per-vu-iterations', vus: 1, exec: 'broadcast', maxDuration: '1h' },
  },
};

export function listener() {
  ws.connect(__ENV.APIGW_URL, (socket) => {
    socket.on('open', () => socket.send(`Listener-${__VU}`));
    socket.on('message', (text) => {
      const now = Date.now();
      if (text.startsWith('Using nick')) {
        socket.send('/join Room1');
        return;
      }
      const at = text.indexOf('pgw2-');
      if (at >= 0) {
        delay.add(now - parseInt(text.substring(at + 34, at + 47), 16) / 1000);
        received.add(1);
      }
    });
  });
}

export async function broadcast() {
  console.log('MARK begin');
  while (http.get(`${__ENV.HTTP_URL}/stats`).json().apigw.ready < LISTENERS) sleep(1);
  sleep(2);
  console.log('MARK ready');
  if (BROADCASTS > 0) {
    await gateway.broadcast({ count: BROADCASTS, rate: RATE });
    sleep(5);
    console.log('MARK heard');
  }
}
