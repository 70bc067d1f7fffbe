import { Injectable } from '@nestjs/common';
import { Problem, type PutRecipientsResult } from '@carillon/contracts';
import { inSlices } from './in-slices.ts';
import { readRows } from './read-rows.ts';
import { byKey, RecipientStore } from './recipient-store.ts';

/** Saves many recipients in one statement, while the service goes on with its other work. */
@Injectable()
export class PutRecipients {
  constructor(private readonly recipients: RecipientStore) {}

  /**
   * @param partial save the good rows although there are bad ones
   * @throws Problem 422 `invalid_recipients` naming rows and fields; then nothing was saved
   */
  async put(tenant: string, rows: readonly unknown[], partial: boolean): Promise<PutRecipientsResult> {
    const { good, invalid, found, errors } = await readRows(rows);
    if (invalid > 0 && !partial) {
      throw new Problem({
        status: 422,
        code: 'invalid_recipients',
        title: 'Some recipients are not valid',
        detail:
          `${invalid} of ${rows.length} rows have ${found} errors` +
          `${found > errors.length ? `, of which the first ${errors.length} are named` : ''}; nothing was saved.`,
        errors,
      });
    }
    const saved: string[] = [];
    const inOrder = good.map((recipient) => ({ tenant, ...recipient })).sort(byKey);
    await inSlices(inOrder, (recipient) => saved.push(JSON.stringify(recipient)));
    return { ...(await this.recipients.putMany(saved)), invalid, errors };
  }
}
