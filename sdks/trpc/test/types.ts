// Compiled, never run: a client of the router knows what procedures take and answer.
import { createTRPCClient, httpBatchLink } from '@trpc/client';
import superjson from 'superjson';
import type { AppRouter, AppRouterWithSuperjson, UserWithStats } from '@cognobserve/trpc';

const plain = createTRPCClient<AppRouter>({ links: [httpBatchLink({ url: 'http://127.0.0.1:4100/api/trpc' })] });
const dated = createTRPCClient<AppRouterWithSuperjson>({
  links: [httpBatchLink({ url: 'http://127.0.0.1:4100/api/trpc', transformer: superjson })],
});

export async function use(): Promise<void> {
  const page = await plain.users.list.query({ sortBy: 'totalCost', limit: 5, metadata: { plan: 'pro' } });
  const user: UserWithStats<string> | undefined = page.items[0];
  const seen: string | undefined = user?.lastSeenAt;
  const next: string | null = page.nextCursor;
  const when: Date = (await dated.users.get.query({ id: 'usr_1' })).firstSeenAt;
  const days = await plain.users.analytics.query({ userId: 'usr_1', days: 7 });
  const day: string | undefined = days[0]?.date;
  const turns = await dated.sessions.timeline.query({ id: 'ses_1' });
  const start: Date | null | undefined = turns.items[0]?.spans[0]?.startTime;
  await plain.users.update.mutate({ id: 'usr_1', email: null, metadata: { plan: 'pro' } });
  const { tracesUnlinked: freed } = await plain.sessions.delete.mutate({ id: 'ses_1' });
  const { tracesUnlinked } = await plain.users.delete.mutate({ id: 'usr_1', mode: 'erase' });
  await plain.users.summary.query();
  console.log(seen, next, when, day, start, tracesUnlinked, freed);

  // @ts-expect-error an id is required
  await plain.users.get.query({});
  // @ts-expect-error no such sort
  await plain.users.list.query({ sortBy: 'shoeSize' });
  // @ts-expect-error a change is not asked
  await plain.users.update.query({ id: 'usr_1' });
  // @ts-expect-error no such procedure
  await plain.users.create.mutate({});
  // @ts-expect-error times are texts without a transformer
  const wrong: Date | undefined = page.items[0]?.lastSeenAt;
  console.log(wrong);
}
