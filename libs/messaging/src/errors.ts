/** The failures of the transport. What each one ends: Poison a message; the others a publish or a call. */

/** Thrown by a handler: this message can never succeed. It is parked at once, with this reason. */
export class Poison extends Error {
  override readonly name = 'Poison';
}

/** A publish did not reach the broker in time. It may be tried again: ids make a repeated message harmless. */
export class BrokerUnavailable extends Error {
  override readonly name = 'BrokerUnavailable';
}

/**
 * Whether something failed because RabbitMQ is away: also a question (a Problem 503 then), as against one that its service has not
 * answered.
 */
export function isBrokerAway(error: unknown): boolean {
  return error instanceof BrokerUnavailable || (error as Error | undefined)?.cause instanceof BrokerUnavailable;
}

/** The broker has no queue for the message: nothing consumes that exchange and routing key. */
export class Unroutable extends Error {
  override readonly name = 'Unroutable';
  constructor(exchange: string, routingKey: string) {
    super(`no queue is bound to exchange "${exchange}" for routing key "${routingKey}"`);
  }
}

/**
 * Stops the work on a message without acknowledging it: its channel is gone, or a handler that has not begun yet gives way to a
 * shutdown. The broker delivers the message again.
 */
export class Abandoned extends Error {
  override readonly name = 'Abandoned';
}
