import { z } from 'zod';
import { eventContracts, rpcContracts } from './contracts.ts';
import { usualValue } from './usual-values.ts';

/**
 * Examples for the documents, taken from the contracts: whatever schema stands in a contract is illustrated by the part
 * of the contract's example at the same place, and a schema that is made of such parts by those parts together; simple parts that no
 * contract has by what is usual for them.
 */
export class ContractExamples {
  private readonly known = new Map<z.core.$ZodType, unknown>();

  constructor() {
    for (const { schema, example } of eventContracts) this.learn(schema, example);
    for (const { request, response, example } of rpcContracts) {
      this.learn(request, example.request);
      this.learn(response, example.response);
    }
  }

  /**
   * An example of a schema: of the contracts, otherwise of what is usual for its parts; undefined where there is none of one of them.
   * @param name what the member is called whose schema it is
   */
  of(schema: z.core.$ZodType, name?: string): unknown {
    if (this.known.has(schema)) return this.known.get(schema);
    if (schema instanceof z.ZodNullable) return this.of(schema.unwrap(), name) ?? null;
    if (schema instanceof z.ZodArray) {
      const element = this.of(schema.element, name);
      return element === undefined ? undefined : [element];
    }
    if (schema instanceof z.ZodUnion)
      return schema.options.map((option) => this.of(option, name)).find((example) => example !== undefined);
    return schema instanceof z.ZodObject ? this.compose(schema) : usualValue(schema, name);
  }

  private compose({ shape }: z.ZodObject): Record<string, unknown> | undefined {
    const example: Record<string, unknown> = {};
    for (const [member, schema] of Object.entries(shape)) {
      if (schema instanceof z.ZodOptional) continue;
      const part = this.of(schema, member);
      if (part === undefined) return undefined;
      example[member] = part;
    }
    return example;
  }

  /** The first example of a schema stays; parts that are null or left out teach nothing of what is inside them. */
  private learn(schema: z.core.$ZodType, example: unknown): void {
    if (example === undefined) return;
    if (!this.known.has(schema)) this.known.set(schema, example);
    if (example === null) return;
    if (schema instanceof z.ZodObject) {
      for (const [member, part] of Object.entries(schema.shape))
        this.learn(part, (example as Record<string, unknown>)[member]);
    } else if (schema instanceof z.ZodArray) {
      this.learn(schema.element, (example as unknown[])[0]);
    } else if (schema instanceof z.ZodNullable || schema instanceof z.ZodOptional) {
      this.learn(schema.unwrap(), example);
    }
  }
}
