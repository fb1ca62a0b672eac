// A stand-in for the server, in a process of its own so that its work is not taken for the app's. It takes what comes
// (`healthy`), says nothing (`hanging`), or answers a status. Prints its URL.
import { accept, Ledger } from '../test/support/ledger.mjs';

const [how] = process.argv.slice(2);
const answers = { healthy: accept, hanging: () => 'hang' };
const ledger = await Ledger.start();
ledger.answer = (body) => {
  ledger.requests.length = 0;
  return answers[how] ? answers[how](body) : { status: Number(how) };
};
console.log(ledger.url);
