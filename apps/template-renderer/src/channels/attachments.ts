import { pathOf, type Attachment } from '@carillon/contracts';
import { z } from 'zod';
import type { PartVariables } from '../engine/index.ts';
import { RenderFailure } from '../rendering/render-failure.ts';
import type { AttachmentSource } from '../templates/template-source.ts';
import type { Filling } from './channel-words.ts';

/** What may be attached, with the endings of such files. Nothing that runs, nor anything that hides what is in it. */
const contentTypes: Readonly<Record<string, readonly string[]>> = {
  'application/pdf': ['pdf'],
  'application/json': ['json'],
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': ['docx'],
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': ['xlsx'],
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': ['pptx'],
  'application/vnd.oasis.opendocument.text': ['odt'],
  'application/vnd.oasis.opendocument.spreadsheet': ['ods'],
  'audio/mpeg': ['mp3'],
  'image/gif': ['gif'],
  'image/jpeg': ['jpg', 'jpeg'],
  'image/png': ['png'],
  'image/webp': ['webp'],
  'text/calendar': ['ics'],
  'text/csv': ['csv'],
  'text/plain': ['txt'],
};

const mostFiles = 10;
/** As base64 they fit, with the rest of an event, into the 4 MiB that one request may have. */
const mostBytes = 2.5 * 1024 * 1024;

const fileSchema = z
  .strictObject({
    filename: z
      .string()
      .trim()
      .min(1, 'must not be empty')
      .max(150, 'must have at most 150 characters')
      // Line breaks would begin another header; marks of direction let `fdp.exe` look like `exe.pdf`.
      .regex(
        /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}/\\]+$/u,
        'must not contain "/", "\\", line breaks or invisible characters',
      ),
    content_type: z.enum(Object.keys(contentTypes), {
      error: `must be one of ${Object.keys(contentTypes).join(', ')}`,
    }),
    content: z
      .string()
      .min(1, 'must not be empty')
      .refine((text) => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text), 'must be base64'),
  })
  .refine(({ filename, content_type }) => contentTypes[content_type]!.includes(endingOf(filename)), {
    path: ['filename'],
    error: ({ input }) =>
      `must end in ${contentTypes[(input as Attachment).content_type]!.map((ending) => `.${ending}`).join(' or ')}`,
  });

/** The sources as one text, which a compiled template keeps beside its other parts. {@link attachmentsOf} reads it. */
export function attachmentsPart(attachments: readonly AttachmentSource[]): string {
  return attachments.map(({ from, optional }) => (optional ? `${from}?` : from)).join(' ');
}

/** The data that attachments are taken from. */
export function dataOfAttachments(attachments: readonly AttachmentSource[] = []): PartVariables {
  const paths = (optional: boolean) =>
    attachments.filter((attachment) => (attachment.optional ?? false) === optional).map(({ from }) => from);
  return { required: paths(false), optional: paths(true) };
}

/** @throws RenderFailure for a file that is none, may not be sent, or is too much; it names where the file stands in the data */
export function attachmentsOf(part: string, { routed, template }: Filling): Attachment[] {
  const files = part.split(' ').flatMap((entry) => {
    const from = entry.replace('?', '');
    const value = valueAt(routed.data, from);
    if (value === undefined || value === null) return [];
    const result = (Array.isArray(value) ? z.array(fileSchema) : fileSchema).safeParse(value);
    if (result.success) return result.data;
    const { path, message } = result.error.issues[0]!;
    throw new RenderFailure(template, `attachment ${pathOf([from, ...path])} ${message}`);
  });
  if (files.length > mostFiles)
    throw new RenderFailure(template, `has ${files.length} attachments, at most ${mostFiles} are sent`);
  const bytes = files.reduce((sum, { content }) => sum + bytesOf(content), 0);
  if (bytes > mostBytes) {
    throw new RenderFailure(
      template,
      `its attachments have ${(bytes / 1024 / 1024).toFixed(1)} MiB, at most ${mostBytes / 1024 / 1024} MiB are sent; link to large files instead`,
    );
  }
  return files;
}

/** How many bytes base64 stands for. */
export function bytesOf(base64: string): number {
  return (base64.length / 4) * 3 - (base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0);
}

function endingOf(filename: string): string {
  return filename.slice(filename.lastIndexOf('.') + 1).toLowerCase();
}

function valueAt(data: Record<string, unknown>, path: string): unknown {
  let value: unknown = data;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
