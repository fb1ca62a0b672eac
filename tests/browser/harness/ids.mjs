// Which user, session and trace the pages are opened with: read over the API, the most telling ones.

/** A function that reads `/v1/…` as JSON: by key, or by the cookie of a logged-in browser context. */
export function makeReader(url, { key, context }) {
  return async (path) => {
    const answer = context
      ? await context.request.get(new URL(path, url).href)
      : await fetch(new URL(path, url), { headers: { 'x-api-key': key } });
    const status = context ? answer.status() : answer.status;
    if (status !== 200) {
      throw new Error(`GET ${path}: ${status} ${await answer.text()}`);
    }
    return answer.json();
  };
}

/** The project that the logged-in person looks at first: what the links of the page name. */
export async function findProject(page) {
  const links = await page.locator('[href*="projectId="], [action*="projectId="]').all();
  for (const link of links.slice(0, 50)) {
    const target = (await link.getAttribute('href')) ?? (await link.getAttribute('action')) ?? '';
    const found = /projectId=(prj_[A-Za-z0-9]+)/.exec(target);
    if (found) {
      return found[1];
    }
  }
  return /projectId=(prj_[A-Za-z0-9]+)/.exec(page.url())?.[1];
}

/** The one with the most end users; none where events are stored without people. */
async function readDeveloper(read, inProject) {
  const { edition } = await read(inProject('/v1/telemetry/status'));
  return edition === 'cloud' ? (await read(inProject('/v1/developers?limit=1'))).items[0]?.developerId : undefined;
}

/** John if he is there, else the dearest user; their latest session, and of the latest failed traces the longest. */
export async function readIds(read, project) {
  const inProject = (path) => `${path}${path.includes('?') ? '&' : '?'}projectId=${project}`;
  const first = async (path) => (await read(inProject(path))).items[0];
  const query = 'john@acme.com';
  const user =
    (await first(`/v1/users?limit=1&search=${encodeURIComponent(query)}`)) ??
    (await first('/v1/users?limit=1&sortBy=totalCost'));
  const ofUser = user ? `/v1/users/${user.id}` : undefined;
  const session = (ofUser && (await first(`${ofUser}/sessions?limit=1`))) ?? (await first('/v1/sessions?limit=1'));
  const longest = async (path) => (await read(inProject(path))).items.sort((a, b) => b.spanCount - a.spanCount)[0];
  const trace =
    (ofUser && ((await longest(`${ofUser}/traces?limit=5&level=ERROR`)) ?? (await longest(`${ofUser}/traces?limit=5`)))) ??
    (await longest('/v1/traces?limit=5'));
  const developer = await readDeveloper(read, inProject);
  return { project, query, developer, user: user?.id, session: session?.id, trace: trace?.id };
}
