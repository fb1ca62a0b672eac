// A streamed answer: its tokens are counted when it ends, if OpenAI is asked to tell them.
import { CognObserve, wrapOpenAI } from '@cognobserve/sdk';
import OpenAI from 'openai';

CognObserve.init({ mode: 'immediate' }); // as in a serverless function
const openai = wrapOpenAI(new OpenAI());

await CognObserve.withUser('user-789', async () => {
  const stream = await openai.chat.completions.create({
    model: 'gpt-4o',
    messages: [{ role: 'user', content: 'Hi' }],
    stream: true,
    stream_options: { include_usage: true },
  });
  for await (const chunk of stream) {
    process.stdout.write(chunk.choices[0]?.delta.content ?? '');
  }
});
