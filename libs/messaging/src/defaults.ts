/** Every default of the transport on one page; all of them are the safe choice. */
export const defaults = {
  /** Messages (each up to a whole batch) that one consumer holds unacknowledged. */
  prefetch: 10,
  /**
   * Where messages hold one item each (the front door), so many times as many: what is in hand together shares statements and
   * confirms. With 10 single items in hand the street does 270 events/s, with 500 over 1,000 (docs/performance.md).
   */
  prefetchSingles: 50,
  /** A batch is closed at this many bytes of JSON, well below the broker's message limit, if not before for the number of its items. */
  batchBytes: 256 * 1024,
  /**
   * An item of more bytes travels in a message of its own, so that no other has to wait until it is read; and what is done about it
   * is done in steps, between which the event loop goes on. 200 kB take a millisecond to read and another to write.
   */
  largeBytes: 32 * 1024,
  /** What is packed may have at most so many bytes when it is unpacked: a few of them can say a lot. */
  unpackedBytes: 64 * 1024 * 1024,
  /** A message's headers have to fit into one frame of 128 KiB. */
  headBytes: 64 * 1024,
  /** Published messages that may wait for the broker's confirm at the same time. */
  maxUnconfirmed: 500,
  /** Items that may wait in memory for a connection or for confirms; beyond it publishing is refused at once. */
  maxWaiting: 20_000,
  /** The same in bytes: twenty thousand large e-mails would not fit into memory. */
  maxWaitingBytes: 256 * 1024 * 1024,
  /** How long a publish may take, reconnects included, before it counts as failed. */
  confirmTimeoutMs: 10_000,
  /** Tries of one item in place before it is parked. */
  attempts: 3,
  /** Pause before the second try; doubles with every further one, ± half by chance. */
  retryDelayMs: 100,
  /** Backstop at the broker against a message that kills its consumer: redeliveries before it is dead-lettered. */
  deliveryLimit: 20,
  /** A message that is not done after so long is told of with the beats. AMQP's time of publishing is exact to the second. */
  waitsLongMs: 2_000,
  /** How long a service that connects works off at most what it has to hear before anything else. */
  heardFirstMs: 10_000,
  /** How long the gateway waits for another service's answer. */
  rpcTimeoutMs: 5_000,
  /** Questions that may wait for an answer at the same time. */
  maxPendingRpc: 5_000,
  /** Questions that one replica answers at the same time. */
  rpcPrefetch: 100,
  /** Reconnect: from 100 ms doubling to 5 s, ± 20 % so that replicas do not return in step. */
  reconnect: { initialDelay: 100, maxDelay: 5_000, factor: 2, jitter: 0.2 },
  heartbeatSeconds: 10,
} as const;
