// Takt's client for browsers and Node: decide within a deadline or fall back, report what was seen, lose no event that can be kept.
// A page must never wait for us or break because of us: decide() always resolves, and everything else happens in the background.

const RETRYABLE = new Set([408, 425, 429]);
const isRetryable = (status) => status >= 500 || RETRYABLE.has(status);

const uuid = () => {
  if (globalThis.crypto?.randomUUID) return crypto.randomUUID();
  const hex = (count) => Array.from({ length: count }, () => Math.floor(Math.random() * 16).toString(16)).join('');
  return `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`; // http pages have no crypto.randomUUID
};

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Whoever has not logged in is the same person on the next page. */
function rememberedDevice(storage) {
  try {
    const known = storage?.getItem('takt_anonymous_id');
    if (known) return known;
    const made = uuid();
    storage?.setItem('takt_anonymous_id', made);
    return made;
  } catch {
    return uuid(); // storage is forbidden: a new person per page
  }
}

export class Takt {
  constructor(options) {
    if (!options?.url) throw new TypeError('Takt needs the url of a server');
    this.url = options.url.replace(/\/+$/, '');
    this.key = options.key ?? '';
    this.userId = options.userId ?? '';
    this.userHash = options.userHash ?? '';
    this.anonymousId = options.anonymousId ?? rememberedDevice(globalThis.localStorage);
    this.channel = options.channel ?? 'web';
    this.locale = options.locale ?? globalThis.navigator?.language;
    this.timeoutMs = options.timeoutMs ?? 300;
    this.flushMs = options.flushMs ?? 1000;
    this.batchMax = options.batchMax ?? 50;
    this.queueMax = options.queueMax ?? 1000;
    this.onError = options.onError ?? (() => {});
    this.fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
    this.queue = [];
    this.dropped = 0;
    this.timer = null;
    this.sending = null;
    globalThis.addEventListener?.('pagehide', () => this.#beacon());
  }

  /** From now on this device is that person. */
  identify(userId, traits = {}, userHash = this.userId === userId ? this.userHash : '') {
    this.userId = userId;
    this.userHash = userHash;
    this.#add({ type: 'identify', traits });
  }

  track(event, properties = {}) {
    this.#add({ type: 'track', event, properties });
  }

  /**
   * What should this person see here? Resolves within timeoutMs, always: with the server's answer, or with `fallback` (ids of items of
   * yours) and `degraded` saying why. The request id makes the second try the same request: it cannot use up a cap twice.
   */
  async decide(placement, options = {}) {
    const deadline = Date.now() + (options.timeoutMs ?? this.timeoutMs);
    const body = {
      request_id: options.requestId ?? uuid(),
      customer: this.#person(),
      placements: [{ placement, ...(options.limit ? { limit: options.limit } : {}), ...(options.anchor ? { anchor: options.anchor } : {}) }],
      context: { channel: this.channel, ...(this.locale ? { locale: this.locale } : {}), ...(options.context ?? {}) },
      ...(options.exclude ? { exclude: options.exclude } : {}),
    };
    let why = 'timeout';
    for (let attempt = 0; Date.now() < deadline; attempt++) {
      const answer = await this.#post('/api/v1/decide', body, deadline - Date.now());
      if (answer.json?.placements) return { decisionId: answer.json.decision_id, requestId: body.request_id, degraded: answer.json.degraded ?? [], ...answer.json.placements[0] };
      why = answer.why;
      if (answer.status && !isRetryable(answer.status)) {
        this.onError(new Error(`decide ${placement}: ${why}`));
        break; // a mistake of ours does not get better
      }
      if (attempt === 1) break;
      await pause(Math.min(20, Math.max(0, deadline - Date.now())));
    }
    const items = (options.fallback ?? []).map((item, index) => ({ item, slot: index + 1, source: 'local' }));
    return { decisionId: null, requestId: body.request_id, placement, outcome: 'fallback', items, degraded: [`client:${why}`] };
  }

  /** Somebody saw this item of that decision; only then does it count. */
  impression(decision, item) {
    this.#promotion('Promotion Viewed', decision, item);
  }

  click(decision, item) {
    this.#promotion('Promotion Clicked', decision, item);
  }

  /** "Not interested": scope is item, category, kind or all. */
  dismiss(decision, item, scope = 'item') {
    this.#promotion('Promotion Dismissed', decision, item, { scope });
  }

  /** Reports an impression once half of the element has been on the screen for a second; what nobody scrolled to is not an exposure. */
  observe(element, decision, item, { share = 0.5, seenMs = 1000 } = {}) {
    let since = null;
    const observer = new IntersectionObserver(
      (entries) => {
        for (const entry of entries) {
          if (entry.intersectionRatio < share) {
            clearTimeout(since);
            since = null;
          } else if (since === null) {
            since = setTimeout(() => {
              observer.disconnect();
              this.impression(decision, item);
            }, seenMs);
          }
        }
      },
      { threshold: [0, share] },
    );
    observer.observe(element);
    return () => {
      clearTimeout(since);
      observer.disconnect();
    };
  }

  /** Resolves when everything that was reported so far is stored, or given up. */
  async flush() {
    while (this.queue.length > 0 || this.sending) {
      this.sending ??= this.#send().finally(() => (this.sending = null));
      await this.sending;
    }
  }

  #person() {
    return { ...(this.userId ? { user_id: this.userId } : {}), ...(this.userId && this.userHash ? { user_hash: this.userHash } : {}), ...(this.anonymousId ? { anonymous_id: this.anonymousId } : {}) };
  }

  #promotion(event, decision, item, more = {}) {
    if (!decision?.decisionId && decision?.items?.every((one) => one.source === 'local')) more.local = true; // shown without Takt: an exposure all the same
    this.track(event, { ...(decision?.decisionId ? { decision_id: decision.decisionId } : {}), item_id: item, ...(decision?.placement ? { placement: decision.placement } : {}), ...more });
  }

  #add(event) {
    const person = { ...(this.userId ? { userId: this.userId } : {}), ...(this.anonymousId ? { anonymousId: this.anonymousId } : {}) };
    this.queue.push({ ...event, ...person, messageId: uuid(), timestamp: new Date().toISOString(), context: { channel: this.channel, ...(this.userId && this.userHash ? { user_hash: this.userHash } : {}) } });
    if (this.queue.length > this.queueMax) {
      this.queue.shift();
      this.dropped += 1;
    }
    if (this.timer === null) {
      this.timer = setTimeout(() => {
        this.timer = null;
        this.flush();
      }, this.flushMs);
      this.timer.unref?.();
    }
  }

  /** One batch, as often as it takes; in order. The message ids make a repeat harmless. */
  async #send() {
    const batch = this.queue.slice(0, this.batchMax);
    for (let attempt = 0; attempt < 10; attempt++) {
      const answer = await this.#post('/v1/batch', { batch, sentAt: new Date().toISOString() }, 10000);
      if (answer.status === 200 || (answer.status && !isRetryable(answer.status))) {
        if (answer.status !== 200) this.onError(new Error(`${batch.length} events were refused: ${answer.why}`));
        else if (answer.json?.rejected?.length) this.onError(new Error(`${answer.json.rejected.length} events were refused: ${answer.json.rejected[0].message}`));
        break;
      }
      if (attempt === 9) {
        this.dropped += batch.length;
        this.onError(new Error(`${batch.length} events were given up: ${answer.why}`));
      } else {
        await pause(answer.retryAfterMs ?? Math.min(100 * 2 ** attempt, 10000) * (0.5 + Math.random() / 2));
      }
    }
    const sent = new Set(batch.map((event) => event.messageId));
    this.queue = this.queue.filter((event) => !sent.has(event.messageId));
  }

  #beacon() {
    if (this.queue.length === 0) return;
    const body = JSON.stringify({ batch: this.queue.slice(0, this.batchMax), sentAt: new Date().toISOString(), ...(this.key ? { writeKey: this.key } : {}) });
    if (globalThis.navigator?.sendBeacon?.(`${this.url}/beacon/v1/batch`, body)) this.queue = this.queue.slice(this.batchMax);
  }

  async #post(path, body, timeoutMs) {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), Math.max(1, timeoutMs));
    try {
      const headers = { 'Content-Type': 'application/json', ...(this.key ? { Authorization: `Bearer ${this.key}` } : {}) };
      const response = await this.fetch(this.url + path, { method: 'POST', headers, body: JSON.stringify(body), signal: abort.signal });
      const text = await response.text();
      const seconds = Number.parseInt(response.headers.get('Retry-After') ?? '', 10);
      const json = text.startsWith('{') ? JSON.parse(text) : null;
      return { status: response.status, json: response.ok ? json : null, why: response.ok ? '' : (json?.code ?? `status_${response.status}`), retryAfterMs: seconds >= 0 ? seconds * 1000 : undefined };
    } catch (error) {
      return { status: 0, json: null, why: abort.signal.aborted ? 'timeout' : 'unreachable', error };
    } finally {
      clearTimeout(timer);
    }
  }
}
