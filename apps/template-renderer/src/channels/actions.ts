import { actionSchema, linkSchema, type Action } from '@carillon/contracts';
import { RenderFailure } from '../rendering/render-failure.ts';
import type { FilledParts } from '../rendering/render-parts.ts';
import type { ParsedTemplate } from '../templates/parsed-template.ts';

/** The texts of a source's actions by name. */
export function textsOfActions(actions: readonly object[] = []): Record<string, string> {
  return Object.fromEntries(
    actions.flatMap((action, index) =>
      Object.entries(action).map(([name, text]) => [`actions[${index}].${name}`, text as string]),
    ),
  );
}

/** An action whose URL came out empty is left out. @throws RenderFailure for one that must not be shown */
export function actionsOf(template: ParsedTemplate, parts: FilledParts): Action[] {
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

/** @throws RenderFailure for a link that must not be followed */
export function checkedLink(template: ParsedTemplate, name: string, value: unknown): string | null {
  if (value === undefined || value === null || value === '') return null;
  const link = linkSchema.safeParse(value);
  if (link.success) return link.data;
  throw new RenderFailure(template, `${name} ${link.error.issues[0]!.message}`);
}
