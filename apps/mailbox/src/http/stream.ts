import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { Message, Refusal } from '../messages/message.ts';
import type { MessageStore } from '../messages/message-store.ts';

/** Under load the page is told in batches: nobody reads thousands of lines a second. */
const FLUSH_MS = 150;
const MAX_BATCH = 100;
const HEARTBEAT_MS = 15_000;
/** Enough for the list, and for the page's filter to find most words */
const EXCERPT_CHARACTERS = 1000;

/** A message in a list: without its HTML and headers, its text cut short. */
export type MessageSummary = Omit<Message, 'html' | 'headers' | 'attachments'>;

/** What changed since the last event. `reload` says that more happened than is told here: fetch the lists anew. */
export interface StreamEvent {
  reload: boolean;
  /** Oldest first; a message appears again when its status changed */
  messages: MessageSummary[];
  refusals: Refusal[];
}

/**
 * `GET /api/stream`: server-sent events, each a {@link StreamEvent}.
 * @returns the function that ends all streams
 */
export function eventStream(scope: FastifyInstance, store: MessageStore): () => void {
  const open = new Set<ServerResponse>();
  scope.get('/api/stream', (_request, reply) => {
    reply.hijack();
    const response = reply.raw;
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(': the development mailbox\n\n');
    open.add(response);
    const stop = forward(store, response);
    response.once('close', () => {
      stop();
      open.delete(response);
    });
  });
  return () => {
    for (const response of open) response.end();
  };
}

/** Sends the store's changes to one reader. What a slow reader misses is not kept for it; it is told to reload. */
function forward(store: MessageStore, response: ServerResponse): () => void {
  let messages = new Map<string, Message>();
  let refusals: Refusal[] = [];
  let reload = false;
  let timer: NodeJS.Timeout | undefined;

  const flush = () => {
    timer = undefined;
    if (response.writableNeedDrain) {
      reload = true;
      messages.clear();
      refusals = [];
      response.once('drain', schedule);
      return;
    }
    const event: StreamEvent = { reload, messages: [...messages.values()].map(summaryOf), refusals };
    messages = new Map();
    refusals = [];
    reload = false;
    response.write(`data: ${JSON.stringify(event)}\n\n`);
  };
  const schedule = () => {
    timer ??= setTimeout(flush, FLUSH_MS);
    if (messages.size + refusals.length <= MAX_BATCH) return;
    reload = true;
    messages.clear();
    refusals = [];
  };

  const unsubscribe = store.subscribe({
    stored: (message) => {
      messages.set(message.id, message);
      schedule();
    },
    updated: (message) => {
      messages.set(message.id, message);
      schedule();
    },
    refused: (refusal) => {
      refusals.push(refusal);
      schedule();
    },
    cleared: () => {
      reload = true;
      messages.clear();
      refusals = [];
      schedule();
    },
  });
  const heartbeat = setInterval(() => response.write(': still here\n\n'), HEARTBEAT_MS);

  return () => {
    unsubscribe();
    clearTimeout(timer);
    clearInterval(heartbeat);
  };
}

function summaryOf(message: Message): MessageSummary {
  const { id, channel, provider, to, from, from_name, envelope_from, subject, text } = message;
  const { received_at, status, provider_message_id, simulated } = message;
  const excerpt = text === null ? null : text.slice(0, EXCERPT_CHARACTERS);
  return {
    ...{ id, channel, provider, to, from, from_name, envelope_from, subject, text: excerpt },
    ...{ received_at, status, provider_message_id, simulated },
  };
}
