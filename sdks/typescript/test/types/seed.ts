// The three ways to name a user, as documented, must compile as they are written.
import { CognObserve } from '@cognobserve/sdk';

declare const openai: { chat: { completions: { create(request: object): Promise<{ id: string }> } } };

CognObserve.init({ apiKey: 'co_...' });

await CognObserve.observe({
  name: 'chat-completion',
  userId: 'user-123',           // Just the ID
  sessionId: 'session-456',
  type: 'generation',
}, async () => {
  return openai.chat.completions.create({});
});

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
  return openai.chat.completions.create({});
});

CognObserve.setUser({
  id: 'user-123',
  name: 'John Doe',
  email: 'john@acme.com',
});

await CognObserve.observe('action-1', async () => {});
await CognObserve.observe('action-2', async () => {});
