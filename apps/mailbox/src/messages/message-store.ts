import { randomUUID } from 'node:crypto';
import type { Channel, Message, MessageStatus, NewMessage, Refusal } from './message.ts';

/** Large HTML mails must not fill the memory before the number of messages does. */
const MAX_STORED_CHARACTERS = 128 * 1024 * 1024;
const MAX_REFUSALS = 200;

export interface MessageFilter {
  /** Compared without regard to case */
  to?: string;
  channel?: Channel;
  /** Only messages received at or after this time, in milliseconds since 1970 */
  since?: number;
  /** At most this many, the newest */
  limit?: number;
}

/** Listens to what changes in a {@link MessageStore}. */
export interface StoreListener {
  stored?(message: Message): void;
  updated?(message: Message): void;
  refused?(refusal: Refusal): void;
  cleared?(): void;
}

/** The newest messages, in memory; the oldest are dropped. */
export class MessageStore {
  readonly #limit: number;
  /** Oldest first. A Map keeps the order of arrival, so that dropping the oldest costs nothing. */
  readonly #messages = new Map<string, Message>();
  readonly #refusals: Refusal[] = [];
  readonly #listeners = new Set<StoreListener>();
  #characters = 0;

  /** @param limit number of messages kept */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Keeps a message and tells the listeners. */
  add(message: NewMessage): Message {
    const stored: Message = {
      from_name: null,
      envelope_from: null,
      subject: null,
      text: null,
      html: null,
      headers: {},
      attachments: [],
      status: 'accepted',
      provider_message_id: null,
      simulated: null,
      ...message,
      id: randomUUID(),
      received_at: new Date().toISOString(),
    };
    this.#messages.set(stored.id, stored);
    this.#characters += charactersOf(stored);
    this.#dropOldest();
    for (const listener of this.#listeners) listener.stored?.(stored);
    return stored;
  }

  /** Sets what a receipt said. Nothing happens when the message is no longer kept. */
  setStatus(id: string, status: MessageStatus): void {
    const message = this.#messages.get(id);
    if (!message) return;
    message.status = status;
    for (const listener of this.#listeners) listener.updated?.(message);
  }

  /** Notes a try that was turned down. */
  refuse(refusal: Omit<Refusal, 'id' | 'refused_at'>): void {
    const noted: Refusal = { ...refusal, id: randomUUID(), refused_at: new Date().toISOString() };
    this.#refusals.push(noted);
    if (this.#refusals.length > MAX_REFUSALS) this.#refusals.shift();
    for (const listener of this.#listeners) listener.refused?.(noted);
  }

  get(id: string): Message | undefined {
    return this.#messages.get(id);
  }

  /** The messages that match, newest first. */
  list(filter: MessageFilter = {}): Message[] {
    const to = filter.to?.toLowerCase();
    const limit = filter.limit ?? Infinity;
    const found: Message[] = [];
    for (const message of [...this.#messages.values()].reverse()) {
      if (found.length >= limit) break;
      if (filter.channel && message.channel !== filter.channel) continue;
      if (to !== undefined && message.to.toLowerCase() !== to) continue;
      if (filter.since !== undefined && Date.parse(message.received_at) < filter.since) continue;
      found.push(message);
    }
    return found;
  }

  /** The last {@link MAX_REFUSALS} tries that were turned down, newest first. */
  refusals(): Refusal[] {
    return this.#refusals.toReversed();
  }

  /** Forgets everything. @returns how many messages there were */
  clear(): number {
    const count = this.#messages.size;
    this.#messages.clear();
    this.#refusals.length = 0;
    this.#characters = 0;
    for (const listener of this.#listeners) listener.cleared?.();
    return count;
  }

  /** @returns the function that ends the subscription */
  subscribe(listener: StoreListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #dropOldest(): void {
    for (const [id, message] of this.#messages) {
      const overfull = this.#messages.size > this.#limit || this.#characters > MAX_STORED_CHARACTERS;
      // The newest is kept even when it alone is over the limit of characters.
      if (!overfull || this.#messages.size === 1) return;
      this.#messages.delete(id);
      this.#characters -= charactersOf(message);
    }
  }
}

function charactersOf(message: Message): number {
  let headers = 0;
  for (const [name, value] of Object.entries(message.headers)) headers += name.length + value.length;
  return (message.text?.length ?? 0) + (message.html?.length ?? 0) + (message.subject?.length ?? 0) + headers;
}
