// One request with `fetch`, and what all requests share: their headers and gzip.

export interface PostRequest {
  url: string;
  headers: Record<string, string>;
  body: Uint8Array;
  signal: AbortSignal;
}

export interface PostAnswer {
  status: number;
  retryAfter: string | undefined;
  text: string;
}

/** Rejects if there is no answer. */
export type Post = (request: PostRequest) => Promise<PostAnswer>;

const GZIP_OVER_BYTES = 1024;
export const USER_AGENT = 'cognobserve-typescript/0.1.0';

export const fetchPost: Post = async ({ url, headers, body, signal }) => {
  // The key must not follow a redirect to somewhere else.
  const answer = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' });
  const text = await answer.text();
  return { status: answer.status, retryAfter: answer.headers.get('retry-after') ?? undefined, text };
};

async function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new CompressionStream('gzip');
  const writer = stream.writable.getWriter();
  const written = writer.write(bytes).then(() => writer.close());
  const parts: Uint8Array[] = [];
  const reader = stream.readable.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(part.value as Uint8Array);
  }
  await written;
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The body as it is sent, and the headers that say so. */
export async function packBody(text: string, apiKey: string): Promise<Pick<PostRequest, 'body' | 'headers'>> {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'x-api-key': apiKey,
    'x-cognobserve-client': 'typescript',
    'user-agent': USER_AGENT,
  };
  const plain = new TextEncoder().encode(text);
  if (plain.length <= GZIP_OVER_BYTES || typeof CompressionStream === 'undefined') {
    return { body: plain, headers };
  }
  try {
    return { body: await gzip(plain), headers: { ...headers, 'content-encoding': 'gzip' } };
  } catch {
    return { body: plain, headers };
  }
}
