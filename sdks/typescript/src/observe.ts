// Runs functions of the app as observed calls. Whatever goes wrong in here, the function runs once, and what it answers
// or throws reaches the app.
import { Call, type CallStart } from './call.js';
import { Client } from './client.js';
import { readConfig } from './config.js';
import { follow } from './follow.js';
import { guard } from './log.js';
import { readPlatform } from './platform.js';
import { runInScope } from './scope.js';
import { state } from './state.js';

/** The client of `init`; without one, that of the environment. */
export function theClient(): Client {
  state.client ??= new Client(readConfig({}), readPlatform());
  return state.client;
}

/** Options that cannot even be read name a call and nothing else. */
function openCall(start: () => CallStart): Call {
  return (
    guard<Call | undefined>(undefined, () => new Call(theClient(), start())) ?? new Call(theClient(), { name: 'call' })
  );
}

/** Runs `work` as the call `start`, and answers what it answers. */
export function observeCall<T>(start: () => CallStart, work: (call: Call) => T): T {
  const call = openCall(start);
  let answer: T;
  try {
    answer = runInScope(call.scope, () => work(call));
  } catch (error) {
    call.fail(error);
    throw error;
  }
  return follow(answer, call) as T;
}
