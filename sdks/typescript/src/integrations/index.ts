// Clients of providers whose calls are recorded by themselves.
export { wrapAnthropic } from './anthropic.js';
export { wrapOpenAI } from './openai.js';
