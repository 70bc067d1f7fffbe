import { engineOf, type ParsedPart } from './engine.ts';
import { unconditional } from './variables.ts';

/** What every template is given, but not everybody has. */
export const recipientName = 'recipient.name';

/** Whether it writes out the recipient's name whatever happens, so that somebody without one cannot be written to. */
export function writesName({ kind, nodes }: ParsedPart): boolean {
  return engineOf(kind).globalFullVariablesSync(unconditional(nodes)).includes(recipientName);
}
