// A server with many users: a scope for each request, and everything within it is theirs.
import { createServer } from 'node:http';
import { CognObserve, wrapOpenAI } from '@cognobserve/sdk';
import OpenAI from 'openai';

CognObserve.init();
const openai = wrapOpenAI(new OpenAI());

async function answer(question) {
  return CognObserve.observe({ name: 'answer', input: question }, async () => {
    const documents = await CognObserve.observe('search', async () => ['All about invoices']);
    CognObserve.log('found', { documents: documents.length });
    const messages = [{ role: 'user', content: `${documents.join('\n')}\n\n${question}` }];
    const completion = await openai.chat.completions.create({ model: 'gpt-4o', messages });
    return completion.choices[0].message.content;
  });
}

const server = createServer((request, response) => {
  // Whoever your own login says it is.
  const user = { id: request.headers['x-user'] ?? '', plan: 'pro' };
  void CognObserve.withUser(user, () =>
    CognObserve.withSession(String(request.headers['x-session']), async () =>
      response.end(await answer('Where is my invoice?')),
    ),
  );
});

server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () =>
  console.log(`http://127.0.0.1:${server.address().port}`),
);
process.once('SIGTERM', async () => {
  server.close();
  await CognObserve.shutdown();
  process.exit(0);
});
