// A program with one user, such as a command-line tool: say it once.
import { CognObserve } from '@cognobserve/sdk';

CognObserve.init();

CognObserve.setUser({
  id: 'user-123',
  name: 'John Doe',
  email: 'john@acme.com',
});

// All subsequent traces will include this user
await CognObserve.observe('action-1', async () => { console.log('one'); });
await CognObserve.observe('action-2', async () => { console.log('two'); });
