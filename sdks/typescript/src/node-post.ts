// One request with Node's own client, whose sockets do not keep the program alive: how long its end is held up is for
// `hold` to say, not for a server that hangs.
import { Agent as HttpAgent, request as requestHttp, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { Post, PostAnswer } from './transport.js';

const OPTIONS = { keepAlive: true, maxSockets: 4, maxFreeSockets: 1 };
const LONGEST_ANSWER = 16 * 1024 * 1024;
const httpAgent = new HttpAgent(OPTIONS);
const httpsAgent = new HttpsAgent(OPTIONS);

function readAnswer(answer: IncomingMessage, done: (answer: PostAnswer) => void, failed: (error: Error) => void): void {
  let text = '';
  answer.setEncoding('utf8');
  answer.on('data', (part: string) => {
    text = text.length < LONGEST_ANSWER ? text + part : text;
  });
  answer.on('error', failed);
  answer.on('end', () => done({ status: answer.statusCode ?? 0, retryAfter: answer.headers['retry-after'], text }));
  answer.on('close', () => failed(new Error('the answer broke off')));
}

export const nodePost: Post = ({ url, headers, body, signal }) =>
  new Promise((done, failed) => {
    const isSecure = url.startsWith('https:');
    const call = (isSecure ? requestHttps : requestHttp)(url, {
      method: 'POST',
      agent: isSecure ? httpsAgent : httpAgent,
      headers: { ...headers, 'content-length': String(body.length) },
      signal,
    });
    call.on('socket', (socket) => socket.unref());
    call.on('response', (answer) => readAnswer(answer, done, failed));
    call.on('error', failed);
    call.end(body);
  });
