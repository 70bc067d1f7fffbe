import {
  defaultTenant,
  fieldErrors,
  Problem,
  recipientDeletedSchema,
  recipientIdSchema,
  recipientUpsertedSchema,
  recipientUpsertedTypes,
  type CloudEvent,
  type FieldError,
} from '@carillon/contracts';
import type { z } from 'zod';
import { readRecipient, type NormalRecipient } from './normalise.ts';

/** What an event tells of a recipient. */
export interface RecipientEvent {
  tenant: string;
  id: string;
  /** When it happened, Unix milliseconds, never in the future; undefined for an event that does not say. */
  at?: number;
  /** All that is known of them from now on; undefined: they left. */
  recipient?: NormalRecipient;
}

/**
 * Reads a `recipient.*` event.
 * @param now Unix milliseconds
 * @throws Problem 422 `invalid_recipient` naming every field that is wrong
 */
export function readRecipientEvent(event: CloudEvent, now: number): RecipientEvent {
  const errors: FieldError[] = [];
  const upserted = (recipientUpsertedTypes as readonly string[]).includes(event.type);
  const read = upserted ? readUpserted(event.data, errors) : readDeleted(event.data, errors);
  const id = read?.id ?? event.subject;
  if (id === undefined && errors.length === 0) {
    errors.push({ path: 'data.id', message: 'is missing; set data.id or the CloudEvents subject' });
  }
  if (id !== undefined && !recipientIdSchema.safeParse(id).success) {
    errors.push({ path: 'subject', message: 'must be 1 to 128 characters that can be printed, the id of a recipient' });
  }
  if (errors.length > 0) throw Problem.unprocessable('invalid_recipient', 'The recipient event is not valid', errors);
  return {
    tenant: event.tenant ?? defaultTenant,
    id: id!,
    ...(event.time !== undefined && { at: Math.min(Date.parse(event.time), now) }),
    ...(read?.recipient && { recipient: read.recipient }),
  };
}

interface Read {
  id?: string;
  recipient?: NormalRecipient;
}

function readUpserted(data: unknown, errors: FieldError[]): Read | undefined {
  const parsed = parse(recipientUpsertedSchema, data, errors);
  if (!parsed) return undefined;
  const { id, ...input } = parsed;
  return { id, recipient: readRecipient(input, (path, message) => errors.push({ path: `data.${path}`, message })) };
}

/** One that names the person by its subject needs no data. */
function readDeleted(data: unknown, errors: FieldError[]): Read | undefined {
  return parse(recipientDeletedSchema, data ?? {}, errors);
}

function parse<T>(schema: z.ZodType<T>, data: unknown, errors: FieldError[]): T | undefined {
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  for (const { path, message } of fieldErrors(result.error.issues))
    errors.push({ path: path === '(root)' ? 'data' : `data.${path}`, message });
  return undefined;
}
