// What happens inside a trace: the spans of a chat, of a search with an answer, of an agent, of a report.
// Each writes its spans into a `Scene`, whose clock moves as they take their time.

export const UNPRICED_MODEL = 'acme-drafts-7b';
const CHAT_MODELS = ['gpt-4o', 'gpt-4o', 'claude-3-5-sonnet-20241022', 'gpt-4o-mini'];
const TALKS = [
  ['How do I export last month’s invoices?', 'Open **Billing**, choose the month and press *Export*.'],
  ['Why does my deployment fail with exit code 137?', 'The process used more memory than its limit. Raise the limit.'],
  ['返品の手続きを教えてください。', 'マイページの注文履歴から「返品」を選んでください。'],
  ['Render this: <script>alert("prompt")</script>', '<img src=x onerror=alert("answer")> is not something I can render.'],
  ['Give me the order as JSON.', '{"order": "AB-12345", "lines": [{"sku": "X-1", "quantity": 2}]}'],
];
export const FAILURES = [
  '429: rate limit of the provider exceeded',
  'context length exceeded: 131,072 tokens at most',
  'upstream timed out after 30 s',
  'tool search_orders: connection refused',
];

export class Scene {
  spans = [];

  constructor(traceId, start, dice, failure) {
    Object.assign(this, { traceId, clock: start, dice, failure });
  }

  /** A span that is over when this returns; answers its id. */
  add(parent, tookMs, fields) {
    const span_id = `${this.traceId}-${this.spans.length}`;
    this.spans.push({ span_id, parent_span_id: parent, start_time: this.clock, end_time: this.clock + tookMs, ...fields });
    this.clock += tookMs;
    return span_id;
  }

  /** A span around others: ends when `inside` has run. */
  wrap(parent, name, inside) {
    const start = this.clock;
    const id = this.add(parent, 0, { name, type: 'span' });
    const span = this.spans.at(-1);
    inside(id);
    span.end_time = Math.max(this.clock, start + 1);
    return id;
  }

  /** A call of a model. The last call of a trace that fails is the one that fails. */
  call(parent, name, { model, prompt, completion, fails = false }) {
    const { dice } = this;
    const [question, answer] = dice.pick(TALKS);
    const prompt_tokens = Math.round(prompt * (0.5 + dice.fraction()));
    const completion_tokens = fails ? 0 : Math.round(completion * (0.5 + dice.fraction()));
    this.add(parent, 200 + completion_tokens * 9 + dice.between(0, 900), {
      name,
      type: 'generation',
      model,
      model_parameters: { temperature: 0.2, max_tokens: 1024 },
      usage: { prompt_tokens, completion_tokens, cached_tokens: dice.chance(0.3) ? Math.floor(prompt_tokens / 2) : 0 },
      input: [{ role: 'system', content: 'You are a helpful assistant.' }, { role: 'user', content: question }],
      ...(fails ? { level: 'ERROR', status_message: this.failure } : { output: { role: 'assistant', content: answer } }),
    });
  }
}

export function chat(scene) {
  scene.call(undefined, 'answer', { model: scene.dice.pick(CHAT_MODELS), prompt: 900, completion: 180, fails: Boolean(scene.failure) });
}

export function searchAndAnswer(scene) {
  scene.wrap(undefined, 'answer with sources', (root) => {
    scene.call(root, 'embed question', { model: 'text-embedding-3-small', prompt: 40, completion: 0 });
    scene.add(root, scene.dice.between(20, 90), {
      name: 'search documents',
      input: { query: 'refund window', top_k: 5 },
      output: { documents: ['help/refunds.md', 'help/shipping.md'] },
      metadata: { index: 'help-centre' },
    });
    scene.call(root, 'answer', { model: scene.dice.pick(CHAT_MODELS), prompt: 3_200, completion: 260, fails: Boolean(scene.failure) });
  });
}

/** Four spans a turn, on four levels. */
export function runAgent(scene, turns = scene.dice.between(2, 4)) {
  scene.wrap(undefined, 'agent', (root) => {
    for (let turn = 1; turn <= turns; turn += 1) {
      scene.wrap(root, `turn ${turn}`, (inTurn) => {
        const fails = Boolean(scene.failure) && turn === turns;
        scene.call(inTurn, 'decide', { model: 'gpt-4o', prompt: 2_400, completion: 90, fails });
        if (fails) {
          return;
        }
        scene.wrap(inTurn, 'tool: search_orders', (tool) => {
          const slow = scene.dice.chance(0.2);
          scene.add(tool, slow ? 4_000 : 120, {
            name: 'GET /orders',
            ...(slow ? { level: 'WARNING', status_message: 'retried twice' } : {}),
            output: { status: 200 },
          });
        });
      });
    }
  });
}

export function draft(scene) {
  scene.call(undefined, 'draft', { model: UNPRICED_MODEL, prompt: 1_500, completion: 700 });
}

/** What a client prices itself. */
export function report(scene) {
  scene.call(undefined, 'weekly report', { model: 'gemini-2.5-pro', prompt: 24_000, completion: 1_800 });
  scene.spans.at(-1).cost = { total: 0.04 };
}
