// What clients/js promises, against a running server. Arguments: path of takt.js, address, address of nobody, key.
import assert from 'node:assert/strict';
import http from 'node:http';

const [library, address, nobody, key] = process.argv.slice(2);
const { Takt } = await import(library);

const ask = async (path) => (await fetch(address + path, { headers: key ? { Authorization: `Bearer ${key}` } : {} })).json();
const shown = async (user) => (await ask(`/api/v1/customers/${user}`)).exposures.filter((one) => one.state === 'shown').length;

// A decision, seen twice and reported twice: one exposure, and a click.
{
  const takt = new Takt({ url: address, key, userId: 'js-anna', timeoutMs: 5000 });
  const decision = await takt.decide('home.hero', { limit: 1 });
  assert.equal(decision.outcome, 'items', JSON.stringify(decision));
  assert.deepEqual(decision.degraded, []);
  const [{ item }] = decision.items;
  takt.impression(decision, item);
  takt.impression(decision, item);
  takt.click(decision, item);
  await takt.flush();
  assert.equal(await shown('js-anna'), 1);
  assert.equal((await ask('/api/v1/customers/js-anna/journey')).data.filter((one) => one.kind === 'promotion_click').length, 1);
}

// The same request id twice is one decision.
{
  const takt = new Takt({ url: address, key, userId: 'js-ben', timeoutMs: 5000 });
  const [one, other] = await Promise.all([takt.decide('home.hero', { requestId: 'r-1' }), takt.decide('home.hero', { requestId: 'r-1' })]);
  assert.equal(one.decisionId, other.decisionId);
}

// Nobody there, and somebody who never answers: the fallback, in time; the exposure is reported all the same once there is a server.
{
  const silent = http.createServer(() => {}).listen(0, '127.0.0.1');
  await new Promise((done) => silent.on('listening', done));
  const slow = new Takt({ url: `http://127.0.0.1:${silent.address().port}`, userId: 'js-cleo', timeoutMs: 100 });
  const began = Date.now();
  const late = await slow.decide('home.hero', { fallback: ['sku-1', 'sku-2'] });
  assert.ok(Date.now() - began < 5000);
  assert.deepEqual([late.outcome, late.decisionId, late.degraded], ['fallback', null, ['client:timeout']]);
  assert.deepEqual(late.items.map((one) => one.item), ['sku-1', 'sku-2']);
  silent.closeAllConnections();
  silent.close();
  const away = new Takt({ url: nobody, userId: 'js-cleo', timeoutMs: 200 });
  assert.deepEqual((await away.decide('home.hero', { fallback: ['sku-1'] })).degraded, ['client:unreachable']);
  const takt = new Takt({ url: address, key, userId: 'js-cleo' });
  takt.impression(late, 'sku-1');
  await takt.flush();
  assert.equal((await ask('/api/v1/customers/js-cleo')).exposures.length, 1);
}

// A mistake of ours is told once and does not break the page.
{
  const errors = [];
  const takt = new Takt({ url: address, key, userId: 'js-dan', timeoutMs: 5000, onError: (error) => errors.push(error.message) });
  const decision = await takt.decide('no.such.place', { fallback: ['sku-1'] });
  assert.deepEqual([decision.outcome, errors.length], ['fallback', 1]);
  takt.track('', {});
  await takt.flush();
  assert.equal(errors.length, 2, errors.join());
}

// 503 and 429 in between: everything arrives, once.
{
  let calls = 0;
  const flaky = (...call) => (++calls % 3 ? fetch(...call) : Promise.resolve(new Response('{"code":"busy"}', { status: calls % 2 ? 429 : 503, headers: { 'Retry-After': '0' } })));
  const takt = new Takt({ url: address, key, userId: 'js-eve', batchMax: 10, fetch: flaky });
  for (let i = 0; i < 100; i++) takt.track('Product Viewed', { product_id: `sku-${i}` });
  await takt.flush();
  const items = (await ask('/api/v1/customers/js-eve/journey?limit=200')).data.map((one) => one.item);
  assert.equal(new Set(items).size, 100);
  assert.equal(items.length, 100);
  assert.equal(takt.dropped, 0);
}

// An element is an exposure once half of it has been on the screen for long enough.
{
  const observers = [];
  globalThis.IntersectionObserver = class {
    constructor(notice) { this.notice = notice; observers.push(this); }
    observe() {}
    disconnect() { this.gone = true; }
  };
  const takt = new Takt({ url: address, key, userId: 'js-fay', timeoutMs: 5000 });
  const decision = await takt.decide('home.hero', { limit: 1 });
  takt.observe({}, decision, decision.items[0].item, { seenMs: 100 });
  const [observer] = observers;
  observer.notice([{ intersectionRatio: 0.2 }]);
  observer.notice([{ intersectionRatio: 0.7 }]);
  observer.notice([{ intersectionRatio: 0.1 }]); // scrolled past
  await new Promise((done) => setTimeout(done, 200));
  await takt.flush();
  assert.equal(await shown('js-fay'), 0);
  observer.notice([{ intersectionRatio: 0.6 }]);
  await new Promise((done) => setTimeout(done, 300));
  await takt.flush();
  assert.ok(observer.gone);
  assert.equal(await shown('js-fay'), 1);
}
console.log('ok');
