/** What the publisher process is asked to publish. */
export interface PublishOrder {
  exchange: string;
  /** CloudEvents `type` and, unless `key` is another, routing key. */
  type: string;
  key?: string;
  /** Items that travel in one message, as a CloudEvents batch; without it each is a message of its own. */
  perMessage?: number;
  tenant: string;
  count: number;
  /** Event i goes to `recipient-<i mod recipients>`, unless its type is for everyone. */
  recipients: number;
  /** Events per second; without it as fast as the broker confirms. */
  perSecond?: number;
  /** Requests of the highest priority, whatever the type. */
  urgent?: boolean;
}

/** What it answers: once when it is connected, then once per order, when the last confirm has come. */
export type PublisherReport = 'ready' | Published;

export interface Published {
  /** Milliseconds on {@link now}'s clock. */
  startedAt: number;
  endedAt: number;
  /** Per event, at a given rate only. */
  times: number[];
}
