import { Injectable } from '@nestjs/common';
import { recipientDeletedTypes, recipientUpsertedTypes, type CloudEvent } from '@carillon/contracts';
import { batched } from '@carillon/persistence';
import { Erasures } from '../erasure/erasures.ts';
import { lastWords } from './last-words.ts';
import { readRecipientEvent, type RecipientEvent } from './read-recipient-event.ts';
import { RecipientStore, type SaidRecipient } from './recipient-store.ts';

const types: readonly string[] = [...recipientUpsertedTypes, ...recipientDeletedTypes];

/** Domain services tell of people over RabbitMQ: they came, changed or left. */
@Injectable()
export class RecipientEvents {
  /** Many share a few statements. One queue for both kinds, so that they happen in the order in which they came. */
  private readonly happen = batched<RecipientEvent, void>(async (events) => {
    const last = lastWords(events);
    await this.learn(last.filter((event) => event.recipient !== undefined));
    const left = last.filter(({ recipient }) => recipient === undefined);
    await Promise.all(left.map(({ tenant, id }) => this.erasures.erase(tenant, id)));
    return events.map(() => undefined);
  });

  constructor(
    private readonly recipients: RecipientStore,
    private readonly erasures: Erasures,
  ) {}

  /** Whether events of this type tell of recipients. */
  handles(type: string): boolean {
    return types.includes(type);
  }

  /** @throws Problem 422 `invalid_recipient` naming the field */
  async take(event: CloudEvent): Promise<void> {
    return this.happen(readRecipientEvent(event, Date.now()));
  }

  /** What was said before somebody was erased does not bring them back. */
  private async learn(events: readonly RecipientEvent[]): Promise<void> {
    const dated = events.filter(({ at }) => at !== undefined);
    const erased = await this.erasures.areErased(dated.map(({ tenant, id, at }) => ({ tenant, id, at: at! })));
    const late = new Set(dated.filter((_, index) => erased[index]));
    const rows = events
      .filter((event) => !late.has(event))
      .map<SaidRecipient>(({ tenant, id, at, recipient }) => ({
        tenant,
        id,
        ...recipient!,
        ...(at !== undefined && { as_of: new Date(at).toISOString() }),
      }));
    if (rows.length > 0) await this.recipients.learn(rows);
  }
}
