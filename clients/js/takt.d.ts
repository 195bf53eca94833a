export interface TaktOptions {
  /** Where the server is, such as "https://takt.shop.example". */
  url: string;
  /** A publishable key ("pk_live_…") in pages and apps, a secret one ("sk_live_…") in back ends. */
  key?: string;
  userId?: string;
  /** HMAC-SHA256 of userId in hex, made by your server, where Takt has an identity_secret. */
  userHash?: string;
  /** Default: remembered in localStorage. */
  anonymousId?: string;
  /** Default "web". */
  channel?: string;
  locale?: string;
  /** How long decide() may take before it falls back. Default 300. */
  timeoutMs?: number;
  /** Events wait this long for others. Default 1000. */
  flushMs?: number;
  batchMax?: number;
  /** What is kept while the server is away; the oldest are dropped and counted. Default 1000. */
  queueMax?: number;
  onError?: (error: Error) => void;
  fetch?: typeof fetch;
}

export interface DecidedItem {
  item: string;
  slot: number;
  /** "local" for items of your own fallback. */
  source?: string;
  /** Where no script runs: see `links` of the API. */
  impression_url?: string;
  click_url?: string;
  reserved_until?: string;
  attributes?: Record<string, unknown>;
  why?: { code: string; params?: Record<string, unknown>; text: string };
}

export interface Decision {
  /** null: nothing was reserved (a fallback of yours). */
  decisionId: string | null;
  requestId: string;
  placement: string;
  outcome: 'items' | 'hold' | 'fallback' | 'defer';
  not_before?: string | null;
  items: DecidedItem[];
  /** Empty, or what went wrong: "client:timeout", "client:unreachable", … */
  degraded: string[];
}

export interface DecideOptions {
  limit?: number;
  anchor?: { items: string[] };
  /** Ids of items that you show where there is no answer in time. */
  fallback?: string[];
  context?: Record<string, unknown>;
  exclude?: string[];
  requestId?: string;
  timeoutMs?: number;
}

export declare class Takt {
  constructor(options: TaktOptions);
  userId: string;
  userHash: string;
  anonymousId: string;
  /** Events that were given up. */
  dropped: number;
  identify(userId: string, traits?: Record<string, unknown>, userHash?: string): void;
  track(event: string, properties?: Record<string, unknown>): void;
  decide(placement: string, options?: DecideOptions): Promise<Decision>;
  impression(decision: Decision, item: string): void;
  click(decision: Decision, item: string): void;
  dismiss(decision: Decision, item: string, scope?: 'item' | 'category' | 'kind' | 'all'): void;
  /** Returns a function that stops looking. */
  observe(element: Element, decision: Decision, item: string, options?: { share?: number; seenMs?: number }): () => void;
  flush(): Promise<void>;
}
