import type { Channel } from 'amqplib';

/** What is wanted of one key. */
interface Wish {
  bound: Promise<void>;
  resolve(): void;
}

/** The queue in which this replica hears, and the exchange that fills it. */
interface Place {
  channel: Channel;
  queue: string;
  exchange: string;
}

/**
 * The recipients whose signals this replica hears: routing keys that are bound to its queue while somebody wants them. What is
 * wanted in one turn of the event loop goes to the broker together, and what is wanted meanwhile after that; a key that is given up
 * and wanted again in between is left as it is. After a reconnect everything that is still wanted is bound again, before the
 * replica is told that it is connected.
 */
export class RecipientKeys {
  private readonly wanted = new Map<string, Wish>();
  /** Bound to the queue of this place. */
  private readonly bound = new Set<string>();
  /** Wanted or given up since the broker was last told. */
  private changed = new Set<string>();
  private place?: Place;
  private scheduled = false;
  /** One after the other; never rejects. */
  private telling: Promise<unknown> = Promise.resolve();

  /** Resolves when signals of this key arrive; without a broker it waits for one. */
  bind(key: string): Promise<void> {
    let wish = this.wanted.get(key);
    if (!wish) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.wanted.set(key, (wish = { bound: promise, resolve }));
      this.change(key);
    }
    return wish.bound;
  }

  /** Nobody wants the key any more; whoever still waits for it waits in vain. */
  unbind(key: string): void {
    if (this.wanted.delete(key)) this.change(key);
  }

  /** Binds everything that is wanted to a new queue, which has no bindings yet. Rejects when the channel fails. */
  attach(place: Place): Promise<void> {
    this.place = place;
    this.bound.clear();
    this.changed = new Set(this.wanted.keys());
    return this.tell();
  }

  private change(key: string): void {
    this.changed.add(key);
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      // Whatever the broker refuses costs the channel, and the next one binds everything.
      this.tell().catch(() => undefined);
    });
  }

  private tell(): Promise<void> {
    const { place } = this;
    const told = this.telling.then(() => place && this.tellChanges(place));
    this.telling = told.catch(() => undefined);
    return told;
  }

  private async tellChanges(place: Place): Promise<void> {
    if (this.place !== place) return;
    const keys = this.changed;
    this.changed = new Set();
    await Promise.all([...keys].map((key) => this.tellOf(key, place)));
  }

  private async tellOf(key: string, place: Place): Promise<void> {
    const { channel, queue, exchange } = place;
    const wish = this.wanted.get(key);
    if (!wish) {
      if (this.bound.delete(key)) await channel.unbindQueue(queue, exchange, key);
      return;
    }
    if (!this.bound.has(key)) {
      await channel.bindQueue(queue, exchange, key);
      if (this.place !== place) return;
      this.bound.add(key);
    }
    wish.resolve();
  }
}
