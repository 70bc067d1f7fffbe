import { isDeepStrictEqual } from 'node:util';
import {
  Problem,
  templateKeyOf,
  type FieldError,
  type FragmentAnswer,
  type FragmentDetail,
  type FragmentKind,
  type FragmentSource,
  type SaveFragment,
} from '@carillon/contracts';
import { Injectable } from '@nestjs/common';
import { BuiltInTemplates } from '../built-in/built-in-templates.ts';
import type { SourceError } from '../compile/source-error.ts';
import { TemplateCompiler } from '../compile/template-compiler.ts';
import { IsolatedTemplates } from '../isolation/isolated-templates.ts';
import { recompiled, sourceOf } from '../recompiling/recompiled.ts';
import { Recompiler } from '../recompiling/recompiler.ts';
import { TemplateStore, type NewVersion, type VersionInUse } from '../templates/template-store.ts';
import { FragmentStore, type FragmentRow } from './fragment-store.ts';
import type { FramedTemplate } from './framed-templates.ts';
import { Framing } from './framing.ts';
import type { TenantFragments } from './tenant-fragments.ts';

/** Everything that changes with a layout or partial. */
interface Consequences {
  publish: NewVersion[];
  frame: FramedTemplate[];
}

/** Saves layouts and partials, each with every template that it is in: all of it or nothing. */
@Injectable()
export class FragmentDesk {
  constructor(
    private readonly store: FragmentStore,
    private readonly framing: Framing,
    private readonly templates: TemplateStore,
    private readonly compiler: TemplateCompiler,
    private readonly recompiler: Recompiler,
    private readonly builtIns: BuiltInTemplates,
    private readonly isolated: IsolatedTemplates,
  ) {}

  /** @throws Problem 404 */
  async get(tenant: string, kind: FragmentKind, key: string, version?: number): Promise<FragmentDetail> {
    const row = await this.store.find(tenant, kind, key, version);
    if (!row?.source) throw Problem.notFound(kind, version === undefined ? key : `${key} in version ${version}`);
    const { source, created_at, created_by, note } = row;
    const used_by = version === undefined ? await this.usedBy(tenant, kind, key) : [];
    return { key, version: row.version, created_at: created_at.toISOString(), created_by, note, used_by, source };
  }

  /**
   * By any number of replicas at once: whoever is second begins anew with what the first one left.
   *
   * @throws Problem as the question `saveFragment` says
   */
  async save(request: SaveFragment): Promise<FragmentAnswer> {
    const { tenant, kind, key, note, by, dry_run } = request;
    // They have to be there to be framed.
    await this.builtIns.published();
    for (;;) {
      const [fragments, row] = await Promise.all([this.store.of(tenant), this.store.find(tenant, kind, key)]);
      refuseUnexpected(request, row);
      const source = await this.wanted(request, row);
      const next = fragments.with(kind, key, source);
      const answer = { key, dry_run, templates: [], built_in: [] };
      if (isDeepStrictEqual(row?.source ?? null, source)) {
        return { ...answer, version: source && row!.version, changed: false };
      }
      if (source) refuseMistakes(kind, await this.isolated.checkFragment(tenant, kind, key, source, next));
      const { publish, frame } = await this.consequences(tenant, fragments, next);
      const version = (row?.version ?? 0) + 1;
      const saved = {
        ...answer,
        version: source && version,
        changed: true,
        templates: publish.map(templateKeyOf),
        built_in: frame.map(templateKeyOf),
      };
      if (dry_run) return saved;
      const fragment = { kind, key, version, source, note, created_by: by };
      const unframe = fragments.framesBuiltIns && !next.framesBuiltIns;
      if (await this.store.takeStep({ tenant, from: fragments.version, fragment, publish, frame, unframe })) {
        // Words that were published at the same moment were compiled with what was there before.
        await this.recompiler.refresh(tenant);
        return saved;
      }
    }
  }

  /** The text that is to be in use; null for none. */
  private async wanted(
    { tenant, kind, key, source }: SaveFragment,
    row: FragmentRow | undefined,
  ): Promise<FragmentSource | null> {
    if (source === null && !row?.source) throw Problem.notFound(kind, key);
    if (typeof source !== 'number') return source;
    const earlier = await this.store.find(tenant, kind, key, source);
    if (!earlier?.source) throw Problem.notFound(kind, `${key} in version ${source}`);
    return earlier.source;
  }

  /** @throws Problem 422 naming every template that would break */
  private async consequences(tenant: string, now: TenantFragments, next: TenantFragments): Promise<Consequences> {
    const [before, after] = [this.compiler.with(tenant, now), this.compiler.with(tenant, next)];
    const own = await recompiled(
      await this.templates.inUse(tenant),
      after,
      (source, { locale }) => before.hashOf(source, locale) !== after.hashOf(source, locale),
    );
    const builtIn = next.framesBuiltIns ? await this.framing.changed(tenant, next) : { framed: [], refused: [] };
    const broken = [...own.refused, ...builtIn.refused];
    if (broken.length > 0) {
      throw Problem.unprocessable('templates_would_break', 'Templates would break', broken.flatMap(errorsOf));
    }
    return { publish: own.versions, frame: builtIn.framed };
  }

  /** The templates, layouts and partials that one is in, also by way of others. */
  private async usedBy(tenant: string, kind: FragmentKind, key: string): Promise<string[]> {
    const [fragments, templates] = await Promise.all([this.store.of(tenant), this.templates.inUse(tenant)]);
    const without = fragments.with(kind, key, null);
    const differs = (one: unknown, other: unknown): boolean => !isDeepStrictEqual(one, other);
    const inTemplates = templates.filter((template) => {
      const source = sourceOf(template);
      // Whole HTML has no frame.
      if (kind === 'layout' && (template.channel !== 'email' || 'html' in template.source)) return false;
      return differs(fragments.around(source, template.locale), without.around(source, template.locale));
    });
    if (kind === 'layout') return inTemplates.map(templateKeyOf);
    const inFragments = (['layout', 'partial'] as const).flatMap((of) =>
      Object.entries(fragments.inUse[of])
        .filter(
          ([other, source]) => (of !== kind || other !== key) && Object.hasOwn(fragments.partialsOf(source, 'en'), key),
        )
        .map(([other]) => `${of} ${other}`),
    );
    return [...inFragments, ...inTemplates.map(templateKeyOf)];
  }
}

function refuseUnexpected({ expected, kind, key }: SaveFragment, row: FragmentRow | undefined): void {
  const inUse = row?.source ? row.version : 0;
  if (expected === undefined || expected === inUse) return;
  throw new Problem({
    status: 409,
    code: 'fragment_changed',
    title: `The ${kind} has changed`,
    detail: `${key} is at version ${inUse}, not ${expected}; read it again, and save what you want it to be then.`,
  });
}

function refuseMistakes(kind: FragmentKind, errors: FieldError[]): void {
  if (errors.length > 0) throw Problem.unprocessable(`invalid_${kind}`, `The ${kind} is not valid`, errors);
}

function errorsOf({ template, error }: { template: VersionInUse; error: SourceError }): FieldError[] {
  return error.mistakes.map(({ field, ...mistake }) => ({ path: `${templateKeyOf(template)}.${field}`, ...mistake }));
}
