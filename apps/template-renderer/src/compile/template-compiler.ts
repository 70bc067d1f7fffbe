import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { FragmentStore } from '../fragments/fragment-store.ts';
import type { TenantFragments } from '../fragments/tenant-fragments.ts';
import { IsolatedTemplates } from '../isolation/isolated-templates.ts';
import type { CompiledTemplate } from '../templates/template.ts';
import type { TemplateSource } from '../templates/template-source.ts';
import { hashOf } from './compile.ts';

/** Compiles sources as those of one tenant, in its frame. */
export interface TenantCompiler {
  /** Equal for sources that compile to the same. */
  hashOf(template: TemplateSource, locale: string): string;
  /** @throws SourceError naming everything that is wrong */
  compile(template: TemplateSource, locale: string): Promise<CompiledTemplate>;
}

/** Compiles what is about to be saved, and remembers it: what was checked a moment ago is published next. */
@Injectable()
export class TemplateCompiler {
  /** By hash. In characters: some two thousand emails. */
  private readonly compiled = new LRUCache<string, CompiledTemplate>({
    maxSize: 32 * 1024 * 1024,
    sizeCalculation: ({ parts }) => Object.values(parts).reduce((sum, part) => sum + part.length, 500),
  });

  constructor(
    private readonly fragments: FragmentStore,
    private readonly isolated: IsolatedTemplates,
  ) {}

  /** The compiler for a tenant's sources, as its layouts and partials are now. */
  async of(tenant: string): Promise<TenantCompiler> {
    return this.with(tenant, await this.fragments.of(tenant));
  }

  /** The compiler for a tenant's sources, as they would be with these layouts and partials. */
  with(tenant: string, fragments: TenantFragments): TenantCompiler {
    const hash = (template: TemplateSource, locale: string) => {
      const { layout, partials } = fragments.around(template, locale);
      return hashOf(template, locale, layout, partials);
    };
    return {
      hashOf: hash,
      compile: async (template, locale) => {
        const key = hash(template, locale);
        let compiled = this.compiled.get(key);
        if (!compiled) {
          const { layout, partials } = fragments.around(template, locale);
          compiled = await this.isolated.compile(tenant, template, locale, layout, partials);
          this.compiled.set(key, compiled);
        }
        return compiled;
      },
    };
  }
}
