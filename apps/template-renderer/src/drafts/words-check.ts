import { fieldErrors, knownLocaleSchema, type FieldError, type TemplateWarning } from '@carillon/contracts';
import { Injectable } from '@nestjs/common';
import { BrandStore } from '../branding/brand-store.ts';
import { SourceError, type Mistake } from '../compile/source-error.ts';
import { TemplateCompiler } from '../compile/template-compiler.ts';
import { brandNames } from '../engine/index.ts';
import { IsolatedTemplates } from '../isolation/isolated-templates.ts';
import { Samples } from '../samples/samples.ts';
import type { CompiledTemplate, TemplateKey } from '../templates/template.ts';
import { sourceSchemas, type TemplateSource } from '../templates/template-source.ts';
import { TemplateStore } from '../templates/template-store.ts';
import { undeclared, type DeclaredData, type FieldVariable } from './declared-data.ts';

/** Words that can be published. */
export interface CheckedWords {
  source: TemplateSource['source'];
  source_hash: string;
  compiled: CompiledTemplate;
  warnings: TemplateWarning[];
}

/** What is wrong with words, by its place in the source: `body`, `actions[0].url`. */
export class WrongWords extends Error {
  override readonly name = 'WrongWords';

  constructor(readonly errors: readonly FieldError[]) {
    super(errors.map(({ path, message }) => `${path}: ${message}`).join('; '));
  }
}

/** Checks words that somebody wants to keep, as thoroughly as if they were published. */
@Injectable()
export class WordsCheck {
  constructor(
    private readonly compiler: TemplateCompiler,
    private readonly isolated: IsolatedTemplates,
    private readonly store: TemplateStore,
    private readonly samples: Samples,
    private readonly brands: BrandStore,
  ) {}

  /**
   * @param declared JSON Schema of the data of the template's type; null where there is none; left out, the words are known to
   *   have been checked against it before
   * @throws WrongWords naming everything that is wrong, by line and column where they are known
   */
  async check(key: TemplateKey, source: unknown, declared?: object | null): Promise<CheckedWords> {
    if (!knownLocaleSchema.safeParse(key.locale).success) {
      throw new WrongWords([
        { path: 'key', message: `"${key.locale}" is not a language; use a tag such as en, sw or pt-BR` },
      ]);
    }
    const shaped = sourceSchemas[key.channel].safeParse(source);
    if (!shaped.success) throw new WrongWords(fieldErrors(shaped.error.issues));
    const template = { channel: key.channel, source: shaped.data } as TemplateSource;
    const compiler = await this.compiler.of(key.tenant);
    const compiled = await compiler.compile(template, key.locale).catch(refuse);
    const source_hash = compiler.hashOf(template, key.locale);
    if (declared === undefined) return { source: shaped.data, source_hash, compiled, warnings: [] };
    const [uses, data] = await Promise.all([this.usesOf(key.tenant, template), this.dataOf(key, declared)]);
    const { mistakes, warnings } = undeclared(uses, data);
    if (mistakes.length > 0) throw new WrongWords(mistakes.map(asFieldError));
    return { source: shaped.data, source_hash, compiled, warnings: warnings.map(asFieldError) };
  }

  private usesOf(tenant: string, template: TemplateSource): Promise<FieldVariable[]> {
    return this.isolated.usesOf(tenant, template).catch(refuse);
  }

  private async dataOf({ tenant, type }: TemplateKey, schema: object | null): Promise<DeclaredData> {
    const [used, sample, brand] = await Promise.all([
      this.store.variablesOf(tenant, type),
      this.samples.of(tenant, type),
      this.brands.of(tenant),
    ]);
    const known = new Set([...used.map((path) => path.split(/[.[]/, 1)[0]!), ...Object.keys(sample.data)]);
    const given = {
      recipient: ['id', 'name'],
      notification: ['id', 'type', 'link'],
      brand: Object.keys(brand),
      now: [],
      ...Object.fromEntries(brandNames.map((name) => [name, []])),
    };
    return { type, schema, known: [...known], given };
  }
}

/** @throws WrongWords in the place of a SourceError, and everything else as it is */
function refuse(error: unknown): never {
  throw error instanceof SourceError ? new WrongWords(error.mistakes.map(asFieldError)) : error;
}

function asFieldError({ field, message, line, column }: Mistake): FieldError {
  return { path: field, message, ...(line !== undefined && { line }), ...(column !== undefined && { column }) };
}
