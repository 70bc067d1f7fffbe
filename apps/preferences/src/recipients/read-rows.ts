import { fieldErrors, maxRowErrors, recipientRowSchema, type FieldError } from '@carillon/contracts';
import { inSlices } from './in-slices.ts';
import { readRecipient, type NormalRecipient } from './normalise.ts';

export interface ReadRows {
  good: (NormalRecipient & { id: string })[];
  /** Rows with an error. */
  invalid: number;
  /** Errors in all. */
  found: number;
  /** The first hundred. */
  errors: FieldError[];
}

/** Checks the rows of a bulk call, each by itself; an id may stand in one row only. */
export async function readRows(rows: readonly unknown[]): Promise<ReadRows> {
  const read: ReadRows = { good: [], invalid: 0, found: 0, errors: [] };
  const places = new Map<string, number>();
  await inSlices(rows, (row, index) => {
    const before = read.found;
    const complain = (path: string, message: string): void => {
      read.found += 1;
      if (read.errors.length < maxRowErrors) read.errors.push({ path: `recipients[${index}]${path}`, message });
    };
    const recipient = readRow(row, complain);
    const place = recipient && places.get(recipient.id);
    if (place !== undefined) complain('.id', `is the same as in recipients[${place}]`);
    else if (recipient) places.set(recipient.id, index);
    if (read.found > before) read.invalid += 1;
    else read.good.push(recipient!);
  });
  return read;
}

function readRow(row: unknown, complain: (path: string, message: string) => void) {
  const parsed = recipientRowSchema.safeParse(row);
  if (parsed.success) {
    const { id, ...input } = parsed.data;
    return { id, ...readRecipient(input, (path, message) => complain(`.${path}`, message)) };
  }
  for (const { path, message } of fieldErrors(parsed.error.issues))
    complain(path === '(root)' ? '' : `.${path}`, message);
  return undefined;
}
