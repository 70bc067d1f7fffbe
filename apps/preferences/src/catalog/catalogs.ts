import { Injectable } from '@nestjs/common';
import { Problem, type CatalogDocument } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import type { TenantSource } from '../sources/tenant-source.ts';
import { foundation } from './built-in-types.ts';
import { Catalog } from './catalog.ts';
import { CatalogVersions } from './catalog-versions.ts';
import { parseCatalog } from './parse-catalog.ts';

/** Tenants whose catalogs are remembered; those without a document of their own share one. */
const mostTenants = 1_000;

interface Remembered {
  catalog: Promise<Catalog>;
  /** Once it is loaded. */
  version?: number;
}

/**
 * The catalogs of all tenants, each read and compiled once and then kept until another version is announced. What was announced
 * while this replica was not connected is unknown, so that it begins anew with every connect.
 */
@Injectable()
export class Catalogs {
  private readonly builtIn = new Catalog();
  /** In the order of their last use. */
  private readonly remembered = new Map<string, Remembered>();

  constructor(
    private readonly versions: CatalogVersions,
    messages: Messages,
  ) {
    messages.onConnected(() => this.remembered.clear());
  }

  /** The catalog that holds for a tenant now. */
  of(tenant: string): Promise<Catalog> {
    const known = this.remembered.get(tenant) ?? this.remember(tenant);
    this.remembered.delete(tenant);
    this.remembered.set(tenant, known);
    return known.catalog;
  }

  /** From now on another version holds. */
  changed(tenant: string, version: number): void {
    const known = this.remembered.get(tenant);
    // One that is still being read may be the former.
    if (known && !(known.version !== undefined && known.version >= version)) this.remembered.delete(tenant);
  }

  /** The sources of all tenants, each tenant's in the order of its document. */
  allSources(): Promise<TenantSource[]> {
    return this.versions.allSources();
  }

  private remember(tenant: string): Remembered {
    const loading: Remembered = { catalog: this.load(tenant) };
    loading.catalog.then(
      ({ version }) => (loading.version = version),
      // Whatever it was, such as a database that is away: the next one asks again.
      () => this.remembered.get(tenant) === loading && this.remembered.delete(tenant),
    );
    if (this.remembered.size >= mostTenants) this.remembered.delete(this.remembered.keys().next().value!);
    return loading;
  }

  private async load(tenant: string): Promise<Catalog> {
    const { version, document } = await this.versions.current(tenant);
    return version === 0 ? this.builtIn : compiled(tenant, version, document);
  }
}

function compiled(tenant: string, version: number, document: CatalogDocument): Catalog {
  try {
    return Catalog.of(version, parseCatalog(document, foundation));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    // Not the event's fault, which a Problem would park at once.
    throw new Error(`version ${version} of the catalog of ${tenant} is not valid any more: ${error.message}`, {
      cause: error,
    });
  }
}
