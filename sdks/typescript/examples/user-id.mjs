// Whose a call is: just the id that your app uses for them.
import { CognObserve } from '@cognobserve/sdk';
import OpenAI from 'openai';

CognObserve.init(); // COGNOBSERVE_API_KEY and COGNOBSERVE_ENDPOINT
const openai = new OpenAI(); // OPENAI_API_KEY

const answer = await CognObserve.observe({
  name: 'chat-completion',
  userId: 'user-123',           // Just the ID
  sessionId: 'session-456',
  type: 'generation',
}, async () => {
  return openai.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }] });
});

console.log(answer.choices[0].message.content);
