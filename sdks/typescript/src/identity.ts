// Who a user is, as told by an app: an id, perhaps with a profile. Whatever else is told means nobody.
import { toJsonObject, type Json } from './json.js';
import { warnOnce } from './log.js';
import { state } from './state.js';
import type { UserInfo } from './types.js';

export interface User {
  readonly id: string;
  /** All but the id; never empty. */
  readonly profile?: { readonly [key: string]: Json } | undefined;
}

export function readId(id: unknown): string | undefined {
  if (typeof id === 'number' || typeof id === 'bigint') {
    return String(id);
  }
  return typeof id === 'string' && id.trim() !== '' ? id : undefined;
}

function readProfile(user: object): User['profile'] {
  const { id: _, ...rest } = user as Record<string, unknown>;
  return toJsonObject(rest);
}

/** The user of that id: with the profile that the scope's or the global user of the same id has. */
function findById(id: string, scoped: User | null | undefined): User {
  const known = [scoped, state.globalUser].find((user) => user?.id === id && user.profile);
  return known ?? { id };
}

/**
 * Whom a call names, if anyone. `scoped` is the user of the scope that it is made in.
 * If `userId` and `user.id` differ, the first holds, and the profile is somebody else's.
 */
export function readUser(user: unknown, userId: unknown, scoped: User | null | undefined): User | undefined {
  const id = readId(userId);
  if (typeof user !== 'object' || user === null) {
    const named = id ?? readId(user);
    return named === undefined ? undefined : findById(named, scoped);
  }
  const own = readId((user as Partial<UserInfo>).id);
  if (own === undefined && id === undefined) {
    warnOnce('user-id', 'a user without an id is nobody; give { id }');
    return undefined;
  }
  if (own !== undefined && id !== undefined && own !== id) {
    warnOnce('two-ids', 'userId and user.id differ: userId holds, and the profile is left out');
    return findById(id, scoped);
  }
  const named = (id ?? own) as string;
  const profile = readProfile(user);
  return profile ? { id: named, profile } : findById(named, scoped);
}

export function toUserInfo(user: User): UserInfo {
  return { ...(user.profile as Record<string, unknown> | undefined), id: user.id };
}
