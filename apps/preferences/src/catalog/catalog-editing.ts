import { Injectable, Logger } from '@nestjs/common';
import { Problem, type CatalogDocument, type CatalogResult, type CatalogVersion } from '@carillon/contracts';
import { sourceMistakes } from '../sources/permitted.ts';
import { Sources } from '../sources/sources.ts';
import { foundation } from './built-in-types.ts';
import { CatalogAnnouncer } from './catalog-announcer.ts';
import { Catalogs } from './catalogs.ts';
import { CatalogVersions, type NewVersion } from './catalog-versions.ts';
import { diffDocuments } from './diff-documents.ts';
import { parseCatalog } from './parse-catalog.ts';

/** What somebody wants a tenant's catalog to say. */
export interface Edit {
  tenant: string;
  document: unknown;
  text: string;
  format: CatalogVersion['format'];
  applied_by: string;
  reverts?: number;
  dry_run: boolean;
  expected_version?: number;
}

/** Replaces documents: checked, compared, written as a version, told to everyone. */
@Injectable()
export class CatalogEditing {
  private readonly logger = new Logger(CatalogEditing.name);

  constructor(
    private readonly versions: CatalogVersions,
    private readonly catalogs: Catalogs,
    private readonly announcer: CatalogAnnouncer,
    private readonly sources: Sources,
  ) {}

  /** @throws Problem 422 `invalid_catalog`, 409 `catalog_changed` */
  async replace({ tenant, dry_run, ...edit }: Edit): Promise<CatalogResult> {
    const { document, warnings } = parseCatalog(edit.document, foundation, {
      text: edit.text,
      sourceMistakes: (source) => sourceMistakes(tenant, source, this.sources.rules),
    });
    if (dry_run) {
      const current = await this.versions.current(tenant);
      refuseUnexpected(current, edit.expected_version);
      return { version: current.version, applied: false, changes: changesOf(current, document), warnings };
    }
    const result: CatalogResult = { version: 0, applied: false, changes: [], warnings };
    const written = await this.versions.append(tenant, (current): NewVersion | undefined => {
      refuseUnexpected(current, edit.expected_version);
      result.version = current.version;
      result.changes = changesOf(current, document);
      if (result.changes.length === 0 && inSameOrder(current.document, document)) return undefined;
      const { text, format, applied_by, reverts = null } = edit;
      return { document, text, format, applied_by, reverts };
    });
    if (written === undefined) return result;
    this.logger.log({ msg: 'catalog applied', tenant, version: written, changes: result.changes.length });
    this.catalogs.changed(tenant, written);
    await this.announcer.announce();
    return { ...result, version: written, applied: true };
  }

  /** @param version whose content is to hold again @throws Problem 404, 422 `invalid_catalog` */
  async revert(tenant: string, version: number, edit: Pick<Edit, 'dry_run' | 'applied_by'>): Promise<CatalogResult> {
    const { document, text, format } =
      version === 0
        ? { document: {}, text: '{}\n', format: 'yaml' as const }
        : await this.versions.get(tenant, version);
    return this.replace({ tenant, document, text, format, reverts: version, ...edit });
  }
}

function changesOf({ document }: CatalogVersion, next: CatalogDocument): CatalogResult['changes'] {
  return diffDocuments(document, next);
}

/** Sources are asked in their order; nothing else depends on one. */
function inSameOrder(...documents: CatalogDocument[]): boolean {
  const [before, after] = documents.map(({ sources = {} }) => Object.keys(sources).join(' '));
  return before === after;
}

function refuseUnexpected({ version }: CatalogVersion, expected: number | undefined): void {
  if (expected === undefined || expected === version) return;
  throw new Problem({
    status: 409,
    code: 'catalog_changed',
    title: 'The catalog has changed meanwhile',
    detail: `The current version is ${version}, not ${expected}. Get it, and make your change to that one.`,
  });
}
