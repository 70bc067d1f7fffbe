import type { Variable } from 'liquidjs';
import { engineOf, type ParsedPart } from './engine.ts';

/** A variable of the data where it stands in a source. */
export interface VariableUse {
  /** `['course', 'title']`, as far as it is known before it is filled in. */
  path: (string | number)[];
  /** Counted from 1. */
  line: number;
  column: number;
}

/** Every place where a part uses data, in the order of the source. */
export function variableUses({ kind, nodes }: ParsedPart): VariableUse[] {
  const { globals } = engineOf(kind).analyzeSync(nodes, { partials: false });
  return Object.values(globals)
    .flat()
    .map(({ segments, location: { row: line, col: column } }) => ({ path: plain(segments), line, column }))
    .sort((one, other) => one.line - other.line || one.column - other.column);
}

/** Up to the first segment that is a variable itself. */
function plain(segments: Variable['segments']): (string | number)[] {
  const end = segments.findIndex((segment) => typeof segment === 'object');
  return (end < 0 ? segments : segments.slice(0, end)) as (string | number)[];
}
