/**
 * CloudEvents 1.0 (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md), the envelope of every message.
 * `tenant` and `timer` are Carillon's extension attributes; `traceparent` is the Distributed Tracing extension.
 */
import { z } from 'zod';
import { tenantSchema, timestampSchema } from './words.ts';

export const cloudEventsJson = 'application/cloudevents+json';
export const cloudEventsBatchJson = 'application/cloudevents-batch+json';

const attribute = z.string().min(1, 'must not be empty').max(1024);

export const cloudEventSchema = z.looseObject({
  specversion: z.literal('1.0', { error: 'must be "1.0"' }),
  id: attribute,
  source: attribute,
  type: attribute.max(256),
  time: timestampSchema.optional(),
  subject: attribute.optional(),
  datacontenttype: z.string().optional(),
  dataschema: z.string().optional(),
  traceparent: z.string().optional(),
  tenant: tenantSchema.optional(),
  timer: z.string().optional(),
  data: z.unknown().optional(),
});

/** A CloudEvent in memory. `T` is the shape of `data`. */
export interface CloudEvent<T = unknown> {
  specversion: '1.0';
  id: string;
  source: string;
  type: string;
  /** RFC 3339 */
  time?: string;
  subject?: string;
  datacontenttype?: string;
  dataschema?: string;
  /** W3C Trace Context */
  traceparent?: string;
  tenant?: string;
  /** Set when the scheduler put this message back on the street: the timer's id. */
  timer?: string;
  data: T;
}
