// Every page of the dashboard: its name, and how its address is made of the ids of `harness/ids.mjs`.
// The loops for pictures, accessibility, bytes and foreign requests all walk this list.

const segment = encodeURIComponent;

/** `path(ids)`; `needs`: ids without which there is no such page; `signedOut`: seen without an account. */
export const pages = [
  { name: 'login', path: () => '/login', needs: [], signedOut: true },
  { name: 'overview', path: ({ project }) => `/?projectId=${project}`, needs: ['project'] },
  { name: 'users', path: ({ project }) => `/users?projectId=${project}`, needs: ['project'] },
  {
    name: 'user',
    path: ({ project, user }) => `/users/${segment(user)}?projectId=${project}`,
    needs: ['project', 'user'],
  },
  { name: 'sessions', path: ({ project }) => `/sessions?projectId=${project}`, needs: ['project'] },
  {
    name: 'session',
    path: ({ project, session }) => `/sessions/${segment(session)}?projectId=${project}`,
    needs: ['project', 'session'],
  },
  {
    name: 'session-edit',
    path: ({ project, session }) => `/sessions/${segment(session)}/edit?projectId=${project}`,
    needs: ['project', 'session'],
  },
  {
    name: 'session-delete',
    path: ({ project, session }) => `/sessions/${segment(session)}/delete?projectId=${project}`,
    needs: ['project', 'session'],
  },
  { name: 'traces', path: ({ project }) => `/traces?projectId=${project}`, needs: ['project'] },
  {
    name: 'trace',
    path: ({ project, trace }) => `/traces/${segment(trace)}?projectId=${project}`,
    needs: ['project', 'trace'],
  },
  { name: 'events', path: ({ project }) => `/events?projectId=${project}`, needs: ['project'] },
  { name: 'developers', path: ({ project }) => `/developers?projectId=${project}`, needs: ['project'] },
  {
    name: 'developer',
    path: ({ project, developer }) => `/developers/${segment(developer)}?projectId=${project}`,
    needs: ['project', 'developer'],
  },
  { name: 'costs', path: ({ project }) => `/costs?projectId=${project}`, needs: ['project'] },
  {
    name: 'search',
    path: ({ project }) => `/search?q=timed%20out&projectId=${project}`,
    needs: ['project'],
  },
  { name: 'settings', path: ({ project }) => `/settings?projectId=${project}`, needs: ['project'] },
  { name: 'keys', path: ({ project }) => `/settings/keys?projectId=${project}`, needs: ['project'] },
  { name: 'prices', path: ({ project }) => `/settings/prices?projectId=${project}`, needs: ['project'] },
  { name: 'members', path: ({ project }) => `/members?projectId=${project}`, needs: ['project'] },
  { name: 'audit', path: ({ project }) => `/audit?projectId=${project}`, needs: ['project'] },
  { name: 'suppressions', path: ({ project }) => `/settings/suppressions?projectId=${project}`, needs: ['project'] },
  { name: 'account', path: () => '/account', needs: [] },
  { name: 'installation', path: () => '/installation', needs: [] },
];

/** Those with one of the names, in the order of the list; an error for a name that is none. */
export function pickPages(names) {
  const known = new Map(pages.map((page) => [page.name, page]));
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new Error(`no such page: ${unknown.join(', ')}; there are ${[...known.keys()].join(', ')}`);
  }
  return pages.filter((page) => names.includes(page.name));
}
