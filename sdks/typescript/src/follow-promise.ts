// Follows a promise. A plain one is answered by the one that comes after it; any other (the clients of OpenAI and
// Anthropic answer promises with methods of their own) by itself, seen through a proxy that hears how it ends.
import type { Call } from './call.js';

type Then = (done?: ((value: unknown) => unknown) | null, failed?: ((error: unknown) => unknown) | null) => Thenable;

export interface Thenable {
  then: Then;
}

type FollowValue = (value: unknown) => unknown;

export function isThenable(value: unknown): value is Thenable {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  try {
    return isObject && typeof (value as Partial<Thenable>).then === 'function';
  } catch {
    return false;
  }
}

function isPlainPromise(value: object): boolean {
  const { constructor } = value as { constructor?: { name?: unknown } };
  return Object.prototype.toString.call(value) === '[object Promise]' && constructor?.name === 'Promise';
}

export function followPromise(promise: Thenable, call: Call, followValue: FollowValue): unknown {
  const { succeed, fail } = makeEnds(call, followValue);
  return isPlainPromise(promise) ? promise.then(succeed, fail) : seeThrough(promise, succeed, fail);
}

function makeEnds(call: Call, followValue: FollowValue) {
  let followed: { value: unknown; seen: unknown } | undefined;
  const succeed = (value: unknown): unknown => {
    // A promise can be asked twice; what it answers is followed once.
    if (!followed || followed.value !== value) {
      followed = { value, seen: call.hasEnded ? value : followValue(value) };
    }
    const { seen } = followed;
    const sending = call.hasEnded ? call.sending : undefined;
    return sending ? sending.then(() => seen) : seen;
  };
  const fail = (error: unknown): unknown => {
    call.fail(error);
    const { sending } = call;
    if (sending) {
      return sending.then(() => Promise.reject(error));
    }
    throw error;
  };
  return { succeed, fail };
}

type Ends = ReturnType<typeof makeEnds>;

function seeThrough(promise: Thenable, succeed: Ends['succeed'], fail: Ends['fail']): unknown {
  // Whatever else has a `then` need not answer a promise when it is called.
  const real = (): Thenable =>
    promise instanceof Promise ? promise : new Promise((done, failed) => promise.then(done, failed));
  const after = (): Promise<unknown> => real().then(succeed, fail) as unknown as Promise<unknown>;
  const own: Record<PropertyKey, unknown> = {
    then: ((done, failed) => after().then(done, failed) as unknown as Thenable) satisfies Then,
    catch: (failed: (error: unknown) => unknown) => after().catch(failed),
    finally: (last: () => void) => after().finally(last),
  };
  const seen: Thenable = new Proxy(promise, {
    get(target, key) {
      if (Object.hasOwn(own, key)) {
        return own[key];
      }
      const value: unknown = Reflect.get(target, key, target);
      const isFixed = Object.getOwnPropertyDescriptor(target, key)?.configurable === false;
      if (typeof value !== 'function' || key === 'constructor' || isFixed) {
        return value;
      }
      // Methods get the promise itself, which they may have private parts of.
      return (...args: unknown[]) => seeMethod((value as (...args: unknown[]) => unknown).apply(target, args));
    },
  });
  return seen;

  /** A promise that a method makes of the promise (`withResponse`, `asResponse`) ends the call just as well. */
  function seeMethod(made: unknown): unknown {
    if (made === promise) {
      // A builder that goes on with itself is still to be heard.
      return seen;
    }
    return isThenable(made) ? followPromiseOf(made) : made;
  }

  function followPromiseOf(made: Thenable): unknown {
    const taken = (value: unknown): unknown => takeData(value, succeed);
    return isPlainPromise(made) ? made.then(taken, fail) : seeThrough(made, taken, fail);
  }
}

/** `withResponse` puts the answer under `data`; a bare response has none that could be read without taking it away. */
function takeData(value: unknown, succeed: Ends['succeed']): unknown {
  if (typeof value === 'object' && value !== null && 'data' in value && 'response' in value) {
    const seen = succeed(value.data);
    return isThenable(seen) ? seen.then((data) => ({ ...value, data })) : { ...value, data: seen };
  }
  const isResponse = typeof Response !== 'undefined' && value instanceof Response;
  if (isResponse) {
    const seen = succeed(undefined);
    return isThenable(seen) ? seen.then(() => value) : value;
  }
  return succeed(value);
}
