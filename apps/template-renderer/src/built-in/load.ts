import { readdirSync, readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import { fieldErrors } from '@carillon/contracts';
import { parse } from 'yaml';
import { z } from 'zod';
import { hashOf } from '../compile/compile.ts';
import { frameWordsFor, type EmailLayout, type FrameWords } from '../compile/email-layout.ts';
import {
  templatedChannels,
  templateFileSchema,
  type TemplateFile,
  type TemplateSource,
} from '../templates/template-source.ts';

/** Carillon's own words for one type on one channel in one language. */
export interface BuiltIn {
  type: string;
  locale: string;
  template: TemplateSource;
  layout: EmailLayout;
  hash: string;
  /** Data for a preview: every variable, also the optional ones. */
  sample: Record<string, unknown>;
}

/** `templates/` beside `src/`, also when the code runs compiled from `dist/`. */
const directory = join(dirname(findPackageJSON(import.meta.url)!), 'templates');

/**
 * Reads the built-in templates: `templates/<type>/<locale>.yaml`, with the frame of emails in `templates/_layout`.
 *
 * @throws Error naming the file, the field and the cure
 */
export function loadBuiltIns(from = directory): BuiltIn[] {
  const layoutFor = emailLayouts(from);
  return readdirSync(from, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('_'))
    .flatMap(({ name: type }) =>
      filesOf(join(from, type)).flatMap(({ locale, path }) => {
        const file = read(path, templateFileSchema);
        const layout = layoutFor(locale);
        return sourcesOf(file).map((template) => ({
          type,
          locale,
          template,
          layout,
          hash: hashOf(template, locale, layout),
          sample: file.sample,
        }));
      }),
    );
}

function sourcesOf(file: TemplateFile): TemplateSource[] {
  return templatedChannels.flatMap((channel) => {
    const source = file[channel];
    return source ? [{ channel, source } as TemplateSource] : [];
  });
}

/** Carillon's frame of emails, from `templates/_layout`. */
export interface BuiltInLayout {
  mjml: string;
  words: FrameWords;
}

export function loadLayout(from = directory): BuiltInLayout {
  const folder = join(from, '_layout');
  const words = filesOf(folder).map(({ locale, path }) => [locale, read(path, z.record(z.string(), z.string()))]);
  return {
    mjml: readFileSync(join(folder, 'email.mjml'), 'utf8'),
    words: Object.fromEntries(words) as FrameWords,
  };
}

/** The frame of emails by language; the frame's own words are those of the nearest language. */
export function emailLayouts(from = directory): (locale: string) => EmailLayout {
  const { mjml, words } = loadLayout(from);
  return (locale) => ({ mjml, words: frameWordsFor(locale, [words]) });
}

function filesOf(folder: string): { locale: string; path: string }[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .map((file) => ({ locale: file.slice(0, -'.yaml'.length), path: join(folder, file) }));
}

function read<T>(path: string, schema: z.ZodType<T>): T {
  const result = schema.safeParse(parse(readFileSync(path, 'utf8')));
  if (result.success) return result.data;
  const mistakes = fieldErrors(result.error.issues).map(({ path: field, message }) => `${field} ${message}`);
  throw new Error(`${path}: ${mistakes.join('; ')}`);
}
