import { pathOf, Problem, type FieldError } from '@carillon/contracts';
import { InvalidExpression } from './expression.ts';

/** Where in a document: `['types', 'lesson_scheduled', 'when']`. */
export type Path = readonly PropertyKey[];

/** More than anybody mends at once. */
const most = 500;

/** Gathers everything that is wrong with a document, so that its author mends it in one go. */
export class Mistakes {
  private readonly found = new Map<string, FieldError>();

  get none(): boolean {
    return this.found.size === 0;
  }

  add(path: Path, message: string): void {
    this.addField({ path: pathOf(path), message });
  }

  addField(error: FieldError): void {
    this.found.set(`${error.path}\n${error.message}`, error);
  }

  /** What is made of an expression; undefined, and a mistake more, where it is none. */
  expression<T>(path: Path, make: (path: string) => T): T | undefined {
    try {
      return make(pathOf(path));
    } catch (error) {
      if (!(error instanceof InvalidExpression)) throw error;
      this.add(path, error.message);
      return undefined;
    }
  }

  /** @throws Problem 422 `invalid_catalog` with all of them, if there are any */
  refuse(): void {
    if (this.none) return;
    const errors = [...this.found.values()].slice(0, most);
    if (this.found.size > most) {
      errors.push({ path: '(root)', message: `${this.found.size - most} more mistakes are not listed` });
    }
    throw Problem.unprocessable('invalid_catalog', 'The catalog is not valid', errors);
  }
}
