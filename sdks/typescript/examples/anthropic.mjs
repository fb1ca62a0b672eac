// Anthropic's official client: whole messages, streamed ones, and its stream helper, each with its user and its tokens.
import Anthropic from '@anthropic-ai/sdk';
import { CognObserve, wrapAnthropic } from '@cognobserve/sdk';

CognObserve.init();
const anthropic = wrapAnthropic(new Anthropic()); // ANTHROPIC_API_KEY
const request = { model: 'claude-sonnet-4-6', max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] };

await CognObserve.withUser({ id: 'user-456', name: 'Jane Roe', plan: 'enterprise' }, () =>
  CognObserve.withSession('session-789', async () => {
    const message = await anthropic.messages.create(request);
    console.log(message.content[0].text);

    const events = await anthropic.messages.create({ ...request, stream: true });
    for await (const event of events) {
      if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') {
        process.stdout.write(event.delta.text);
      }
    }
    console.log();

    const last = await anthropic.messages.stream(request).on('text', (text) => process.stdout.write(text)).finalMessage();
    console.log(`\n${last.usage.output_tokens} tokens`);
  }),
);
