import { Body, Delete, Get, Injectable, Param, Put, Query } from '@nestjs/common';
import { catalogKeySchema, parseInput, Problem } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { z } from 'zod';
import { CallerName, Tenant } from '../access/access.guard.ts';
import { Describe } from '../http/describe.ts';
import { body, query } from '../http/input.pipe.ts';
import { catalogAnswerSchema, CatalogDesk, type CatalogAnswer } from './catalog-desk.ts';
import { dryRunQuery, type DryRunQuery } from './queries.ts';
import type { Section } from './text/with-part.ts';

/** Sources have no origin: all of them are a tenant's own. */
interface Keyed {
  key: string;
  origin?: 'system' | 'tenant';
}

export interface Parts<Part extends object, InForce extends Keyed> {
  section: Section;
  /** In words: `notification type`. */
  one: string;
  /** `notification types` */
  many: string;
  /** One as the document has it, with an example. */
  part: z.ZodType<Part>;
  example: Part;
  /** One as it is in force. */
  inForce: z.ZodObject<any> & z.ZodType<InForce>;
  /** What to know of the list. */
  hint: string;
  /** All that are in force, sorted by key. */
  all(messages: Messages, tenant: string): Promise<InForce[]>;
}

/** Reading and writing the parts of a section of the catalog one by one; a controller's class extends what this makes. */
export function partsController<Part extends object, InForce extends Keyed>({
  section,
  one,
  many,
  part,
  example,
  inForce,
  hint,
  all,
}: Parts<Part, InForce>) {
  const listSchema = z.object({ data: z.array(inForce), next_cursor: z.null() });
  const detailSchema = z.object({
    ...inForce.shape,
    /** What your own document says of it; null for a built-in one. */
    document: part.nullable(),
  });
  const removedSchema = z.object({
    ...catalogAnswerSchema.shape,
    /** The built-in one that is in force again under this key; null where there is none, and with `dry_run`. */
    in_force: inForce.nullable(),
  });

  @Injectable()
  class PartsController {
    constructor(
      readonly desk: CatalogDesk,
      readonly messages: Messages,
    ) {}

    @Get()
    @Describe({
      summary: `All ${many} in force`,
      description: `Sorted by key, in one page. ${hint}`,
      response: listSchema,
    })
    async list(@Tenant() tenant: string): Promise<{ data: InForce[]; next_cursor: null }> {
      return { data: await all(this.messages, tenant), next_cursor: null };
    }

    @Get(':key')
    @Describe({
      summary: `One ${one}`,
      description: '`document` is what your own document says of it, which is what `PUT` takes.',
      response: detailSchema,
      errors: { 404: 'not_found' },
    })
    async get(
      @Tenant() tenant: string,
      @Param('key', catalogKey) key: string,
    ): Promise<InForce & { document: object | null }> {
      const [found, document] = await Promise.all([this.find(tenant, key), this.desk.own(tenant, section, key)]);
      if (!found) throw Problem.notFound(one, key);
      return { ...found, document };
    }

    @Put(':key')
    @Describe({
      summary: `Create or replace a ${one}`,
      description:
        'It becomes a part of your catalog document, which makes a new version of the document; one with the key of a built-in one is used instead of that. Everything else that the document says stays, with its comments. `?dry_run=true` answers what would change.',
      query: dryRunQuery,
      body: part,
      bodyExample: example,
      response: catalogAnswerSchema,
      errors: { 409: 'catalog_changed', 413: 'catalog_too_large', 422: 'invalid_catalog' },
    })
    put(
      @Tenant() tenant: string,
      @CallerName() by: string,
      @Param('key', catalogKey) key: string,
      @Query(query(dryRunQuery)) { dry_run: dryRun }: DryRunQuery,
      @Body(body(part)) put: object,
    ): Promise<CatalogAnswer> {
      return this.desk.edit(section, key, put, { tenant, by, dryRun });
    }

    @Delete(':key')
    @Describe({
      summary: `Remove a ${one} from your document`,
      description: `A built-in ${one} that it replaced is in force again, and stands in the answer.`,
      query: dryRunQuery,
      response: removedSchema,
      errors: { 404: 'not_found', 409: 'built_in, catalog_changed', 422: 'invalid_catalog' },
    })
    async remove(
      @Tenant() tenant: string,
      @CallerName() by: string,
      @Param('key', catalogKey) key: string,
      @Query(query(dryRunQuery)) { dry_run: dryRun }: DryRunQuery,
    ): Promise<CatalogAnswer & { in_force: InForce | null }> {
      if (!(await this.desk.own(tenant, section, key)))
        throw (await this.find(tenant, key)) ? builtIn(one, key) : Problem.notFound(one, key);
      const answer = await this.desk.edit(section, key, undefined, { tenant, by, dryRun });
      const left = dryRun ? undefined : await this.find(tenant, key);
      return { ...answer, in_force: left?.origin === 'system' ? left : null };
    }

    async find(tenant: string, key: string): Promise<InForce | undefined> {
      return (await all(this.messages, tenant)).find((found) => found.key === key);
    }
  }
  return PartsController;
}

const catalogKey = {
  transform: (key: string) => parseInput(z.object({ key: catalogKeySchema }), { key }, 'path').key,
};

function builtIn(one: string, key: string): Problem {
  return new Problem({
    status: 409,
    code: 'built_in',
    title: `A built-in ${one} cannot be removed`,
    detail: `Your document does not have ${key}. To change it or to switch it off, put one of your own with this key.`,
  });
}
