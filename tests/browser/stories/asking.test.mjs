// What one asks of a trace: what was said in it, how its cost came about, and what a model costs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS, useStage } from '../harness/stage.mjs';

const stage = useStage({ sample: true });
const usage = (prompt_tokens, completion_tokens, cached_tokens = 0) => ({ prompt_tokens, completion_tokens, cached_tokens });

/** An answer out of a search, as the demo has them: the root says nothing, the first call is an embedding. */
const retrieval = () => {
  const start = Date.now() - 60_000;
  const call = (span_id, at, fields) => ({ span_id, parent_span_id: 'root', type: 'generation', start_time: start + at, end_time: start + at + 10, ...fields });
  return {
    trace_id: 't-retrieval', name: 'answer from documents', session_id: 's-retrieval', timestamp: start,
    spans: [
      { span_id: 'root', name: 'answer', type: 'span', start_time: start, end_time: start + 90 },
      call('embed', 1, { name: 'embed question', model: 'text-embedding-3-small', usage: { prompt_tokens: 12 } }),
      call('reply', 20, { name: 'reply', model: 'gpt-4o', usage: usage(1000, 100, 400), input: [{ role: 'user', content: 'Where is my parcel?' }], output: { role: 'assistant', content: 'With the neighbour.' } }),
      call('look', 40, { name: 'look up', type: 'tool' }),
      call('rate', 60, { name: 'rate', model: 'acme-unknown-9', usage: usage(10, 1) }),
    ],
  };
};

test('a turn has its question and answer though the first call is an embedding', LIMITS, stage.page(async ({ page, server }) => {
  const { project } = await stage.ids();
  await server.feed([retrieval()]);
  const { items } = await server.read('/v1/sessions?search=s-retrieval');
  await page.goto(`/sessions/${items[0].id}?projectId=${project}`);
  const turn = page.locator('.turn');
  assert.match(await turn.locator('.message.user').innerText(), /Where is my parcel\?/);
  assert.match(await turn.locator('.message.assistant').innerText(), /With the neighbour\./);
  assert.equal(await page.getByText('Neither input nor output').count(), 0);
}));

test('a span says what it was priced with, and what it would take', LIMITS, stage.page(async ({ page, server }) => {
  const { project } = await stage.ids();
  await server.feed([retrieval()]);
  await page.goto(`/traces/t-retrieval?projectId=${project}&span=reply`);
  const rows = await page.locator('.pricing tbody tr').evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.innerText)));
  assert.deepEqual(rows, [
    ['prompt', '600', '$2.50', '$0.001500000'],
    ['cached', '400', '$1.25', '$0.000500000'],
    ['completion', '100', '$10.00', '$0.001000000'],
    ['Sum', '$0.003000000'],
  ]);
  assert.equal(await page.locator('#span dd span[title="$0.003000000"]').count(), 1, 'the sum is the cost');
  await page.getByText('gpt-4o: built-in price').waitFor();
  await page.goto(`/traces/t-retrieval?projectId=${project}&span=rate`);
  await page.getByText('no price for this model').waitFor();
  await page.getByRole('link', { name: 'Set one' }).click();
  await page.waitForURL(/\/settings\/prices/);
  assert.equal(await page.getByLabel('Model', { exact: true }).inputValue(), 'acme-unknown-9');
}));

test('a built-in price is found by its name', LIMITS, stage.page(async ({ page }) => {
  const { project } = await stage.ids();
  await page.goto(`/settings/prices?projectId=${project}`);
  await page.getByText(/more: search by a part/).waitFor();
  await page.getByLabel('Search built-in prices by model').fill('acme/GPT-4o-mini-2031-01-02');
  await page.locator('#builtin').getByRole('button', { name: 'Search' }).click();
  await page.waitForURL(/search=acme/);
  const row = page.locator('#builtin tbody tr');
  assert.match(await row.innerText(), /^gpt-4o-mini\s+\$0\.15\s/);
  await page.getByLabel('Search built-in prices by model').fill('no-such-model');
  await page.keyboard.press('Enter');
  await page.getByText('No built-in price for a model of this name.').waitFor();
}));

test('all users are counted, against those who were there before the period', LIMITS, stage.page(async ({ page, server }) => {
  const { project } = await stage.ids();
  await server.feed([1, 2, 3].map((n) => ({ trace_id: `t-new-${n}`, user_id: `new-${n}`, timestamp: Date.now() - 60_000, spans: [] })));
  const { items, nextCursor } = await server.read('/v1/users?limit=100');
  assert.equal(nextCursor, null);
  await page.goto(`/?projectId=${project}&period=24h`);
  const card = (name) => page.locator('.stat', { has: page.getByText(name, { exact: true }) });
  const read = async (name) => Number(await card(name).locator('dd span').first().innerText());
  const [total, fresh] = [await read('Total users'), await read('New users')];
  assert.equal(total, items.length);
  assert.ok(fresh >= 3 && fresh < total);
  const percent = (fresh / (total - fresh)) * 100;
  const shown = Number.parseFloat((await card('Total users').locator('.change [aria-hidden]').innerText()).replace(/[^0-9.]/g, ''));
  assert.ok(Math.abs(shown - percent) <= 0.5, `${shown} for ${percent}`);
}));

test('the charts of users say what the lists of the API come to', LIMITS, stage.page(async ({ page, server }) => {
  const { project } = await stage.ids();
  const list = async (path) => {
    const all = [];
    for (let cursor = ''; cursor !== null;) {
      const { items, nextCursor } = await server.read(`${path}?limit=100${cursor && `&cursor=${cursor}`}`);
      all.push(...items);
      cursor = nextCursor;
    }
    return all;
  };
  const users = await list('/v1/users');
  const traces = (await list('/v1/traces')).filter((trace) => trace.userId);
  for (const view of ['period=7d', 'period=7d&tz=Asia/Kolkata', 'period=24h']) {
    await page.goto(`/?projectId=${project}&${view}`);
    await page.locator('#chart-users.ready').waitFor();
    const read = async (id) => JSON.parse(await page.locator(`#chart-${id}`).getAttribute('data-chart'));
    const [seen, totals] = [await read('users'), await read('total-users')];
    const ends = [...seen.x.slice(1), Infinity];
    const within = (time, bar) => Date.parse(time) / 1000 >= seen.x[bar] && Date.parse(time) / 1000 < ends[bar];
    const count = (counted) => seen.x.map((_, bar) => counted(bar));
    const [active, fresh] = seen.series.map((one) => one.values);
    assert.deepEqual(active, count((bar) => new Set(traces.filter((it) => within(it.timestamp, bar)).map((it) => it.userId)).size), view);
    assert.deepEqual(fresh, count((bar) => users.filter((it) => within(it.firstSeenAt, bar)).length), view);
    assert.deepEqual(totals.series[0].values, count((bar) => users.filter((it) => Date.parse(it.firstSeenAt) / 1000 < ends[bar]).length), view);
    assert.ok(Math.max(...active) > 1 && Math.max(...fresh) > 0, 'there is something to count');
  }
}));
