// A web server with the pages a test gives it, to prove that the harness sees what is wrong with them.
import { createServer } from 'node:http';
import { once } from 'node:events';

/** `answers`: path to `{status, headers, body}` or a function of request and body. Answers `{url, close}`. */
export async function startStandIn(answers) {
  const server = createServer(async (request, response) => {
    let sent = '';
    for await (const part of request.setEncoding('utf8')) {
      sent += part;
    }
    const { pathname } = new URL(request.url, 'http://127.0.0.1');
    const found = answers[pathname] ?? { status: 404, body: 'not found' };
    const { status = 200, headers = {}, body = '' } = typeof found === 'function' ? found(request, sent) : found;
    response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', ...headers });
    response.end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export function html(body, head = '') {
  return `<!doctype html><html lang="en"><head><title>A page</title><link rel="icon" href="data:,"><meta name="viewport" content="width=device-width">${head}</head><body><main><h1>A page</h1>${body}</main></body></html>`;
}
