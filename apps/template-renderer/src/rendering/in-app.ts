import {
  actionSchema,
  linkSchema,
  type Action,
  type InAppRendered,
  type NotificationRouted,
  type Rendered,
} from '@carillon/contracts';
import type { Formatting } from '../engine/index.ts';
import { sanitize } from '../engine/filters/sanitize.ts';
import type { ParsedTemplate } from '../templates/parsed-template.ts';
import { RenderFailure } from './render-failure.ts';
import type { FilledParts } from './render-parts.ts';
import { relatedOf } from './related.ts';
import { linkOf } from './scope.ts';
import { oneLine, tidyText } from './words.ts';

/** @throws RenderFailure for a link or an action that must not be shown */
export function inAppOf(
  common: Rendered,
  routed: NotificationRouted,
  template: ParsedTemplate,
  parts: FilledParts,
  formatting: Formatting,
): InAppRendered {
  const html = parts.html?.trim();
  return {
    ...common,
    title: oneLine(parts.title!),
    message: tidyText(parts.message!),
    html: html ? sanitize(html, formatting) : null,
    link: checkedLink(template, 'link', parts.link?.trim() || linkOf(routed)),
    image: checkedLink(template, 'image', parts.image?.trim()),
    actions: routed.content?.actions ?? actionsOf(template, parts),
    metadata: routed.metadata ?? {},
    related: relatedOf(routed.data),
    actor: routed.actor ?? null,
    locale: routed.recipient.locale,
    ...(routed.batch && { batch: routed.batch }),
  };
}

function checkedLink(template: ParsedTemplate, name: string, value: unknown): string | null {
  if (value === undefined || value === null || value === '') return null;
  const link = linkSchema.safeParse(value);
  if (link.success) return link.data;
  throw new RenderFailure(template, `${name} ${link.error.issues[0]!.message}`);
}

function actionsOf(template: ParsedTemplate, parts: FilledParts): Action[] {
  const actions: Action[] = [];
  for (let index = 0; parts[`actions[${index}].label`] !== undefined; index++) {
    const [label, url, style] = ['label', 'url', 'style'].map((name) => parts[`actions[${index}].${name}`]?.trim());
    if (!url) continue;
    const action = actionSchema.safeParse({ label, url, ...(style && { style }) });
    if (!action.success) {
      const { path, message } = action.error.issues[0]!;
      throw new RenderFailure(template, `actions[${index}].${path.join('.')} ${message}`);
    }
    actions.push(action.data);
  }
  return actions;
}
