// Whose a call is, with a profile: name, e-mail and whatever else you know of them.
import { CognObserve } from '@cognobserve/sdk';
import OpenAI from 'openai';

CognObserve.init();
const openai = new OpenAI();

await CognObserve.observe({
  name: 'chat-completion',
  user: {
    id: 'user-123',
    name: 'John Doe',
    email: 'john@acme.com',
    plan: 'enterprise',         // Custom metadata
    company: 'Acme Corp',
  },
  sessionId: 'session-456',
  type: 'generation',
}, async () => {
  return openai.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }] });
});
