import { SourceError } from '../compile/source-error.ts';
import type { TenantCompiler } from '../compile/template-compiler.ts';
import { sourceSchemas, type TemplateSource } from '../templates/template-source.ts';
import type { NewVersion, VersionInUse } from '../templates/template-store.ts';

/** What came of compiling words anew. */
export interface Recompiled {
  versions: NewVersion[];
  /** Those that cannot be compiled any more. */
  refused: { template: VersionInUse; error: SourceError }[];
}

/**
 * Compiles words anew, each as the version after the one that is in use.
 *
 * @param isMeant which of them
 */
export async function recompiled(
  inUse: readonly VersionInUse[],
  compiler: TenantCompiler,
  isMeant: (source: TemplateSource, template: VersionInUse) => boolean,
): Promise<Recompiled> {
  const versions: NewVersion[] = [];
  const refused: Recompiled['refused'] = [];
  for (const template of inUse) {
    try {
      const { locale, version } = template;
      const written = sourceOf(template);
      if (!isMeant(written, template)) continue;
      const compiled = await compiler.compile(written, locale);
      const { source } = written;
      const source_hash = compiler.hashOf(written, locale);
      versions.push({ ...template, version: version + 1, source, source_hash, compiled, recompiled_from: version });
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      refused.push({ template, error });
    }
  }
  return { versions, refused };
}

/** @throws SourceError when this release knows no such source */
export function sourceOf({ channel, source }: Pick<VersionInUse, 'channel' | 'source'>): TemplateSource {
  const result = sourceSchemas[channel].safeParse(source);
  if (result.success) return { channel, source: result.data } as TemplateSource;
  throw SourceError.of(result.error);
}
