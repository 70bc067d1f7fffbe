import {
  Problem,
  type diffTemplate,
  type getTemplate,
  type getTemplateVersion,
  type listTemplates,
  type listTemplateVersions,
  type Template,
  type TemplateDetail,
  type TemplateDiff,
  type TemplateOwner,
  type TemplateStage,
  type TemplateVersion,
  type TemplateVersionDetail,
} from '@carillon/contracts';
import type { RequestOf } from '@carillon/messaging';
import { Injectable } from '@nestjs/common';
import { keyNamed, nameOf } from '../templates/template-name.ts';
import type { TemplateKey } from '../templates/template.ts';
import { fieldDifferences } from './field-differences.ts';
import { LibraryStore, ownerOf, type Place, type TemplateRow } from './library-store.ts';

/** What there is of templates, for those who look after them. */
@Injectable()
export class Library {
  constructor(private readonly store: LibraryStore) {}

  /** A page, sorted by type, channel and language. */
  async list({ tenant, filter, limit, after }: RequestOf<typeof listTemplates>): Promise<{
    data: Template[];
    next: string | null;
  }> {
    const rows = await this.store.list(tenant, filter, limit + 1, after === null ? null : placeOf(tenant, after));
    const page = rows.slice(0, limit).map(templateOf);
    const last = page.at(-1);
    return { data: page, next: rows.length > limit && last ? `${last.key} ${last.owner}` : null };
  }

  /** @throws Problem 404 */
  async get({ tenant, key: name, owner }: RequestOf<typeof getTemplate>): Promise<TemplateDetail> {
    const rows = await this.store.get(keyNamed(tenant, name));
    const row = rows.find((one) => owner === undefined || one.tenant === ownerOf(tenant, owner));
    if (!row) throw Problem.notFound('template', name);
    return detailOf(row);
  }

  /** @throws Problem 404 where nothing was ever published */
  async versions(request: RequestOf<typeof listTemplateVersions>): Promise<{
    data: TemplateVersion[];
    next: string | null;
  }> {
    const { tenant, limit, after } = request;
    const key = await this.published(request);
    const rows = await this.store.versions(key, tenant, limit + 1, after === null ? null : Number(after));
    const page = rows.slice(0, limit);
    return { data: page, next: rows.length > limit ? String(page.at(-1)!.version) : null };
  }

  /** @throws Problem 404 */
  async version(request: RequestOf<typeof getTemplateVersion>): Promise<TemplateVersionDetail> {
    return this.versionOf(await this.published(request), request.tenant, request.version);
  }

  /** @throws Problem 404 naming what is not there */
  async diff(request: RequestOf<typeof diffTemplate>): Promise<TemplateDiff> {
    const { tenant, key, owner, from, to } = request;
    // A template that was never published may still be compared with itself.
    const rows = await this.store.get(keyNamed(tenant, key));
    const row = rows.find((one) => owner === undefined || one.tenant === ownerOf(tenant, owner));
    if (!row) throw Problem.notFound('template', key);
    const sourceOf = async (stage: TemplateStage): Promise<object> => {
      if (stage !== 'draft') return (await this.versionOf(row, tenant, stage)).source;
      if (!row.draft) throw Problem.notFound('draft', key);
      return row.draft.source!;
    };
    const [before, after] = await Promise.all([sourceOf(from), sourceOf(to)]);
    return { from, to, fields: fieldDifferences(before, after) };
  }

  /**
   * The template whose versions are meant: the tenant's own, and Carillon's where it has none.
   *
   * @throws Problem 404 where nothing was ever published
   */
  async published({
    tenant,
    key: name,
    owner,
  }: {
    tenant: string;
    key: string;
    owner?: TemplateOwner;
  }): Promise<TemplateKey> {
    const rows = await this.store.get(keyNamed(tenant, name));
    const row = rows.find(
      (one) => one.version !== null && (owner === undefined || one.tenant === ownerOf(tenant, owner)),
    );
    if (!row) throw Problem.notFound('template', name);
    const { type, channel, locale } = row;
    return { tenant: row.tenant, type, channel, locale };
  }

  private async versionOf(key: TemplateKey, tenant: string, number: number): Promise<TemplateVersionDetail> {
    const version = await this.store.version(key, tenant, number);
    if (!version) throw Problem.notFound('version', `${nameOf(key)} ${number}`);
    return version;
  }
}

function placeOf(tenant: string, after: string): Place {
  const [name, owner] = after.split(' ') as [string, TemplateOwner];
  const { type, channel, locale } = keyNamed(tenant, name);
  return [type, channel, locale, ownerOf(tenant, owner)];
}

function templateOf({ tenant, version, withdrawn, inactive, draft, ...key }: TemplateRow): Template {
  const { type, channel, locale } = key;
  return {
    key: nameOf({ tenant, ...key }),
    type,
    channel,
    locale,
    owner: tenant === '' ? 'system' : 'own',
    status: !version ? 'draft' : withdrawn ? 'withdrawn' : inactive ? 'inactive' : 'active',
    version,
    draft,
  };
}

function detailOf(row: TemplateRow): TemplateDetail {
  const { version, draft, document } = row as TemplateRow & Pick<TemplateDetail, 'version' | 'draft'>;
  return {
    ...templateOf(row),
    version,
    draft,
    document: document === null ? null : { version: document, newest: document === version?.version },
  };
}
