// For apps that send OpenTelemetry: says on every span whose it is. It needs no package of OpenTelemetry's, since all
// that happens to it is to be called with a span.
import { CognObserve } from './cognobserve.js';
import { guard } from './log.js';
import { currentScope } from './scope.js';

/** What it needs of a span. */
export interface AttributeSpan {
  setAttribute(key: string, value: string | number | boolean): unknown;
  readonly attributes?: Record<string, unknown>;
}

type Attribute = string | number | boolean;

/**
 * Names as the server reads them; what else is known of a user becomes `user.KEY`. `told` is the user that the app named
 * on the span: the profile of another is not theirs.
 */
function readAttributes(told: unknown): [string, Attribute][] {
  const { id, ...known } = CognObserve.getUser() ?? { id: undefined };
  const profile = told === undefined || told === id ? known : {};
  const found: [string, unknown][] = [
    ['user.id', id],
    ['session.id', currentScope().session],
  ];
  for (const [key, value] of Object.entries(profile)) {
    found.push([`user.${key}`, value]);
  }
  const isAttribute = (entry: [string, unknown]): entry is [string, Attribute] =>
    ['string', 'number', 'boolean'].includes(typeof entry[1]);
  return found.filter(isAttribute);
}

/** A span processor: `new NodeTracerProvider({ spanProcessors: [new UserSpanProcessor(), …] })`. */
export class UserSpanProcessor {
  onStart(span: AttributeSpan): void {
    guard(undefined, () => {
      for (const [key, value] of readAttributes(span.attributes?.['user.id'])) {
        if (span.attributes?.[key] === undefined) {
          span.setAttribute(key, value);
        }
      }
    });
  }

  onEnd(): void {}

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}
