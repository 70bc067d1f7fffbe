import { Injectable, Logger } from '@nestjs/common';
import type { SourceError } from '../compile/source-error.ts';
import { TemplateCompiler } from '../compile/template-compiler.ts';
import { recompiled } from '../recompiling/recompiled.ts';
import { TemplateStore, type VersionInUse } from '../templates/template-store.ts';
import { FragmentStore } from './fragment-store.ts';
import { FramedTemplates, type FramedTemplate } from './framed-templates.ts';
import type { TenantFragments } from './tenant-fragments.ts';

/** Carillon's own emails in the frame of a tenant. */
@Injectable()
export class Framing {
  private readonly logger = new Logger(Framing.name);

  constructor(
    private readonly fragments: FragmentStore,
    private readonly frames: FramedTemplates,
    private readonly templates: TemplateStore,
    private readonly compiler: TemplateCompiler,
  ) {}

  /**
   * Carillon's emails that come out different in a frame of the tenant's than they are in use for it now.
   *
   * @param fragments the tenant's, with a default layout
   */
  async changed(
    tenant: string,
    fragments: TenantFragments,
  ): Promise<{ framed: FramedTemplate[]; refused: { template: VersionInUse; error: SourceError }[] }> {
    const compiler = this.compiler.with(tenant, fragments);
    const [builtIns, framed] = await Promise.all([this.templates.inUse(''), this.frames.inUse(tenant)]);
    const emails = builtIns.filter(({ channel }) => channel === 'email');
    const { versions, refused } = await recompiled(emails, compiler, (source, { type, locale, version }) => {
      const now = framed.get(`${type} ${locale}`);
      return now?.version !== version || now.source_hash !== compiler.hashOf(source, locale);
    });
    return {
      framed: versions.map(({ type, channel, locale, recompiled_from, source_hash, compiled }) => {
        const key = { tenant, type, channel, locale };
        return { ...key, version: recompiled_from!, frame: fragments.version, source_hash, compiled };
      }),
      refused,
    };
  }

  /**
   * Frames what a new release of Carillon brought, for every tenant that has a default layout. By any number of replicas at once.
   *
   * @returns the tenants whose emails changed
   */
  async refreshAll(): Promise<string[]> {
    const refreshed: string[] = [];
    for (const tenant of await this.fragments.framingTenants()) {
      const { framed, refused } = await this.changed(tenant, await this.fragments.of(tenant));
      for (const { template, error } of refused) {
        const { type, locale } = template;
        this.logger.warn({
          msg: 'an email cannot be framed and stays as it is',
          tenant,
          type,
          locale,
          error: error.message,
        });
      }
      if (framed.length === 0) continue;
      await this.frames.add(framed);
      refreshed.push(tenant);
    }
    return refreshed;
  }
}
