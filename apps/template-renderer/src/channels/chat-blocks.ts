/**
 * Blocks of a chat message, written as in Slack's Block Kit, so that they can be taken over from its builder: headers, sections,
 * contexts, pictures, dividers and buttons that open a link. The limits are Slack's.
 */
import { linkSchema } from '@carillon/contracts';
import { z } from 'zod';

/** @param text the schema of a text with so many characters at most: as it is written, or as it is shown */
function blocksSchemaWith<Text extends z.ZodType<string>>(text: (most: number) => Text, link: z.ZodType<string>) {
  const plain = (most: number) =>
    z.strictObject({
      type: z.literal('plain_text'),
      text: text(most),
      /** Slack's builder writes it; it changes nothing. */
      emoji: z.boolean().optional(),
    });
  const markup = (most: number) =>
    z.discriminatedUnion('type', [plain(most), z.strictObject({ type: z.literal('mrkdwn'), text: text(most) })], {
      error: 'must have the type mrkdwn or plain_text',
    });
  const image = z.strictObject({ type: z.literal('image'), image_url: link, alt_text: text(2_000) });
  const button = z.strictObject({
    type: z.literal('button'),
    text: plain(75),
    url: link,
    style: z.enum(['primary', 'danger']).optional(),
  });
  return z
    .array(
      z.discriminatedUnion(
        'type',
        [
          z.strictObject({ type: z.literal('header'), text: plain(150) }),
          z.strictObject({
            type: z.literal('section'),
            text: markup(3_000).optional(),
            fields: z.array(markup(2_000)).min(1).max(10, 'at most 10 fields').optional(),
          }),
          z.strictObject({ type: z.literal('divider') }),
          image.extend({ title: plain(2_000).optional() }),
          z.strictObject({
            type: z.literal('context'),
            elements: z
              .array(z.union([markup(2_000), image]))
              .min(1)
              .max(10, 'at most 10 elements'),
          }),
          z.strictObject({
            type: z.literal('actions'),
            elements: z.array(button).min(1).max(25, 'at most 25 buttons'),
          }),
        ],
        { error: 'must have the type header, section, divider, image, context or actions' },
      ),
    )
    .max(50, 'at most 50 blocks');
}

/** Blocks with Liquid in their texts. @param liquid the schema of a text with Liquid in it */
export const writtenBlocksSchema = <Text extends z.ZodType<string>>(liquid: Text) =>
  blocksSchemaWith(() => liquid, liquid);

/** Blocks as they are shown. */
export const chatBlocksSchema = blocksSchemaWith(
  (most) => z.string().min(1).max(most, `has more than ${most} characters`),
  linkSchema,
);
export type ChatBlock = z.infer<typeof chatBlocksSchema>[number];

type Json = string | boolean | undefined | Json[] | { [name: string]: Json };

/**
 * All texts of blocks by name. A text object is one text, named after what it becomes: `blocks[0].text.mrkdwn`.
 * {@link blocksOf} is the way back.
 */
export function textsOfBlocks(blocks: readonly object[]): Record<string, string> {
  const texts: Record<string, string> = {};
  const collect = (name: string, value: Json): void => {
    if (typeof value === 'string') texts[name] = value;
    else if (Array.isArray(value)) value.forEach((item, index) => collect(`${name}[${index}]`, item));
    else if (typeof value === 'object') {
      if (isTextObject(value)) texts[`${name}.${value.type}`] = value.text;
      else for (const [field, item] of Object.entries(value)) collect(`${name}.${field}`, item);
    }
  };
  collect('blocks', blocks as Json);
  return texts;
}

function isTextObject(value: { [name: string]: Json }): value is { type: string; text: string } {
  return value.type === 'mrkdwn' || value.type === 'plain_text';
}

/** Not checked yet; texts, elements and blocks that came out empty are left out. */
export function blocksOf(texts: Readonly<Record<string, string>>): unknown[] {
  const root: { blocks: Json[] } = { blocks: [] };
  for (const [name, text] of Object.entries(texts)) {
    if (!name.startsWith('blocks[')) continue;
    const path = [...name.matchAll(/[^.[\]]+/g)].map(([part]) => (/^\d+$/.test(part) ? Number(part) : part));
    const kind = path.at(-1);
    const isText = kind === 'mrkdwn' || kind === 'plain_text';
    put(
      root,
      isText ? path.slice(0, -1) : path,
      isText ? text.trim() && { type: kind, text: text.trim() } : text.trim(),
    );
  }
  return root.blocks.map(pruned).filter(saysSomething);
}

function put(root: object, path: readonly (string | number)[], value: Json): void {
  let place = root as Record<string | number, Json>;
  path.forEach((step, depth) => {
    if (depth === path.length - 1) place[step] = value;
    else place = (place[step] ??= typeof path[depth + 1] === 'number' ? [] : {}) as Record<string | number, Json>;
  });
}

function pruned(value: Json): Json {
  if (Array.isArray(value)) return value.map(pruned).filter((item) => item !== '' && saysSomething(item));
  if (typeof value !== 'object') return value;
  const fields = Object.entries(value)
    .map(([name, item]): [string, Json] => [name, pruned(item)])
    .filter(([, item]) => item !== '' && !(Array.isArray(item) && item.length === 0));
  return Object.fromEntries(fields);
}

/** A block or element that has nothing left but its kind, or lacks what makes it one, is left out. */
function saysSomething(value: Json): boolean {
  if (typeof value !== 'object' || Array.isArray(value)) return true;
  switch (value.type) {
    case 'header':
      return value.text !== undefined;
    case 'section':
      return value.text !== undefined || value.fields !== undefined;
    case 'context':
    case 'actions':
      return value.elements !== undefined;
    case 'button':
      return value.url !== undefined && value.text !== undefined;
    case 'image':
      return value.image_url !== undefined;
    default:
      return true;
  }
}
