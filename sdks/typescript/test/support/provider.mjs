// A local stand-in for OpenAI and Anthropic: answers with the recorded answers, as a whole or as events.
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';

const FOLDER = new URL('../../../fixtures/answers/', import.meta.url);

export const readRecorded = (name) => JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8'));

function writeEvents(response, pieces, hasNames) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'x-request-id': 'req-1' });
  for (const piece of pieces) {
    response.write(`${hasNames ? `event: ${piece.type}\n` : ''}data: ${JSON.stringify(piece)}\n\n`);
  }
  response.end(hasNames ? '' : 'data: [DONE]\n\n');
}

function answer(response, path, request) {
  if (request.model === 'broken') {
    response.writeHead(400, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { type: 'invalid_request_error', message: 'no such model' } }));
    return;
  }
  const name = { '/chat/completions': 'openai', '/responses': 'openai-responses', '/messages': 'anthropic' }[path];
  if (request.stream && path === '/responses') {
    const whole = readRecorded('openai-responses');
    const delta = { type: 'response.output_text.delta', delta: 'Hello!', output_index: 0, content_index: 0 };
    const started = { type: 'response.created', response: { ...whole, output: [], usage: null } };
    writeEvents(response, [started, delta, { type: 'response.completed', response: whole }], true);
  } else if (request.stream) {
    writeEvents(response, readRecorded(`${name}-stream`), path === '/messages');
  } else {
    const file = { '/chat/completions': 'openai-chat', '/embeddings': 'openai-embeddings' }[path] ?? name;
    response.writeHead(200, { 'content-type': 'application/json', 'x-request-id': 'req-1' });
    response.end(JSON.stringify(readRecorded(file)));
  }
}

/** Answers `{ url, requests, stop }`. */
export async function startProvider() {
  const requests = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const part of request) {
      text += part;
    }
    const path = request.url.replace(/^\/v1/, '').replace(/\?.*$/, '');
    const body = JSON.parse(text);
    requests.push({ path, body });
    answer(response, path, body);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const stop = () => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  };
  return { url: `http://127.0.0.1:${server.address().port}`, requests, stop };
}
