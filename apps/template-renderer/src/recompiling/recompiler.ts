import { Injectable, Logger } from '@nestjs/common';
import { TemplateCompiler } from '../compile/template-compiler.ts';
import { TemplateStore, type NewVersion } from '../templates/template-store.ts';
import { recompiled } from './recompiled.ts';

/**
 * Compiles the words of tenants anew when the same source compiles to something else, such as after an upgrade or in another
 * frame of emails, and publishes them as the next version. By any number of replicas at once.
 */
@Injectable()
export class Recompiler {
  private readonly logger = new Logger(Recompiler.name);

  constructor(
    private readonly store: TemplateStore,
    private readonly compiler: TemplateCompiler,
  ) {}

  /** @returns the tenants whose templates changed by this call */
  async refreshAll(): Promise<string[]> {
    const refreshed: string[] = [];
    for (const tenant of await this.store.tenants()) if (await this.refresh(tenant)) refreshed.push(tenant);
    return refreshed;
  }

  /**
   * What this release refuses stays as it is.
   *
   * @returns whether a template of the tenant changed by this call
   */
  async refresh(tenant: string): Promise<boolean> {
    for (;;) {
      // A catalog that is applied meanwhile makes this step fail, so that nothing it withdraws comes back.
      const at = await this.store.catalogVersion(tenant);
      const publish = await this.newVersions(tenant);
      if (publish.length === 0) return false;
      if (await this.store.takeStep({ tenant, from: at, to: at, publish, withdraw: [] })) return true;
    }
  }

  private async newVersions(tenant: string): Promise<NewVersion[]> {
    const compiler = await this.compiler.of(tenant);
    const { versions, refused } = await recompiled(
      await this.store.inUse(tenant),
      compiler,
      (source, { locale, source_hash }) => compiler.hashOf(source, locale) !== source_hash,
    );
    for (const { template, error } of refused) {
      const { type, channel, locale } = template;
      const words = `${type}.${channel}.${locale}: ${error.message}`;
      this.logger.warn({ msg: 'words cannot be compiled anew and stay as they are', tenant, refused: words });
    }
    return versions;
  }
}
