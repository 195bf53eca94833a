// Compiled, never run: what clients/js/takt.d.ts promises to those who write TypeScript.
import { Takt, type Decision } from '../../clients/js/takt.js';

const takt = new Takt({ url: 'http://127.0.0.1:8080', timeoutMs: 200, onError: (error) => console.error(error.message) });
const decision: Decision = await takt.decide('home.hero', { limit: 2, fallback: ['sku-1'] });
const first: string | undefined = decision.items[0]?.why?.text;
takt.impression(decision, decision.items[0].item);
const stop: () => void = takt.observe(document.body, decision, 'sku-1');
stop();
// @ts-expect-error a placement is a text
await takt.decide(7);
// @ts-expect-error there is no such outcome
if (decision.outcome === 'maybe') console.log(first);
