import { compileTemplate } from '../compile/compile.ts';
import type { CompiledTemplate, TemplateKey } from '../templates/template.ts';
import type { NewVersion, TemplateStore, VersionHead } from '../templates/template-store.ts';
import type { BuiltIn } from './load.ts';

/** The tenant of Carillon's own templates. */
const systemTenant = '';

/**
 * Brings the stored templates up to date with the built-in ones: what changed is compiled and published as the next
 * version, what did not is left alone. Any number of replicas may do it at once.
 *
 * @param compile replaced in tests only
 * @returns what this call published
 */
export async function publishBuiltIns(
  store: TemplateStore,
  builtIns: readonly BuiltIn[],
  compile: (builtIn: BuiltIn) => Promise<CompiledTemplate> = ({ template, locale, layout }) =>
    compileTemplate(template, locale, layout),
): Promise<TemplateKey[]> {
  const compiled = new Map<BuiltIn, CompiledTemplate>();
  const published: TemplateKey[] = [];
  // A replica of another release can be first with the same version number; then the next number is tried.
  for (;;) {
    const heads = new Map((await store.newestOf(systemTenant)).map((head) => [nameOf(head), head]));
    const changed = builtIns.filter((builtIn) => heads.get(nameOf(keyOf(builtIn)))?.source_hash !== builtIn.hash);
    if (changed.length === 0) return published;
    const versions: NewVersion[] = [];
    for (const builtIn of changed) {
      if (!compiled.has(builtIn)) compiled.set(builtIn, await compile(builtIn));
      versions.push(versionOf(builtIn, compiled.get(builtIn)!, heads.get(nameOf(keyOf(builtIn)))));
    }
    published.push(...(await store.publish(versions)));
  }
}

function versionOf(builtIn: BuiltIn, compiled: CompiledTemplate, newest: VersionHead | undefined): NewVersion {
  return {
    ...keyOf(builtIn),
    version: (newest?.version ?? 0) + 1,
    source: builtIn.template.source,
    source_hash: builtIn.hash,
    compiled,
  };
}

function keyOf({ type, locale, template }: BuiltIn): TemplateKey {
  return { tenant: systemTenant, type, channel: template.channel, locale };
}

function nameOf({ type, channel, locale }: TemplateKey): string {
  return `${type} ${channel} ${locale}`;
}
