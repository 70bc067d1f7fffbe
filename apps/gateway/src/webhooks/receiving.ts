import {
  parseInput,
  receiptSchema,
  receipts,
  suppressionAsked,
  type Receipt,
  type SentChannel,
  type SuppressionAsked,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { Injectable } from '@nestjs/common';

/** A genuine report, and the identity that it has at its provider: the same whenever it is sent again. */
export interface Report {
  readonly id: string;
  readonly receipt: Receipt;
}

/** Puts what providers report on the street. Each call resolves when the broker has confirmed: only then may a 2xx be answered. */
@Injectable()
export class Receiving {
  constructor(private readonly messages: Messages) {}

  /** @throws Problem 400 for ids and times that cannot be; BrokerUnavailable: the provider asks again */
  async receipts(channel: SentChannel, reports: readonly Report[]): Promise<void> {
    await Promise.all(
      reports.map(({ id, receipt }) => {
        const data = parseInput(receiptSchema, receipt, 'body');
        return this.messages.publish(receipts[channel], data, { id, time: data.at, ...tenantOf(data) });
      }),
    );
  }

  /** A person opts out of a channel, or in again. @throws BrokerUnavailable */
  async wish(tenant: string, id: string, wish: SuppressionAsked): Promise<void> {
    await this.messages.publish(suppressionAsked, wish, { tenant, id, time: wish.at });
  }
}

function tenantOf({ tenant }: Receipt): { tenant?: string } {
  return tenant === null ? {} : { tenant };
}
