import { Problem } from '@carillon/contracts';
import { Context, Liquid, Tokenizer, toValue, TypeGuards, Value, type FilterImplOptions, type Token } from 'liquidjs';

/** What an expression may name: each variable, with its members where only some exist. */
export type Vocabulary = Readonly<Record<string, readonly string[] | 'anything'>>;

/** Of a type's expressions: see EventScope. */
export const eventVocabulary: Vocabulary = {
  event: ['id', 'source', 'type', 'subject', 'time'],
  data: 'anything',
  subject: 'anything',
};

/** Of a source's expressions: the message as it came from a foreign exchange. */
export const messageVocabulary: Vocabulary = { body: 'anything', routing_key: 'anything', headers: 'anything' };

/** An expression that can never be evaluated; the message says what is wrong and where. */
export class InvalidExpression extends Error {
  override readonly name = 'InvalidExpression';
}

/** Objects and characters that the filters of one expression may make: a list of 1,000 ids takes a few thousand. */
const memoryLimit = 1_000_000;

/** An expression takes microseconds; `sort: data.list` can take minutes, in which nothing else would be decided. */
const longestMs = 1_000;

const liquid = new Liquid({
  strictVariables: true,
  strictFilters: true,
  lenientIf: true,
  ownPropertyOnly: true,
  groupedExpressions: true,
  memoryLimit,
  // Where a server stands must not decide what holds.
  timezoneOffset: 0,
  locale: 'en',
  // Expressions know no tags and so reach no file; should that change, the only files are those in this empty map.
  templates: {},
});
// A redelivered event must be decided as the first time.
liquid.unregisterFilter('sample');
const slice = liquid.filters.slice as Extract<FilterImplOptions, (...args: never[]) => unknown>;
// Reads a position that is a text anew at every character.
liquid.registerFilter('slice', function (value, begin, length = 1) {
  return slice.call(this, value, Number(begin), Number(length));
});

const { isFilteredValueToken, isOperatorToken, isPropertyAccessToken, isQuotedToken, isRangeToken, isWordToken } =
  TypeGuards;
type FilteredValue = ReturnType<Tokenizer['readFilteredValue']>;
type Operands = FilteredValue['initial'];
type FilterCall = FilteredValue['filters'][number];

/**
 * A Liquid expression of the catalog, what stands between `{{` and `}}`, parsed once. It is strict: a variable that the event
 * lacks fails it, because a misspelt name that quietly means nothing would let notifications disappear.
 */
export class Expression {
  private constructor(
    /** Where in the catalog it stands: `types.lesson_scheduled.when`. */
    readonly path: string,
    /** As it is written. */
    readonly text: string,
    private readonly value: Value,
    private readonly vocabulary: Vocabulary,
    private readonly testsTruth: boolean,
  ) {}

  /** @throws InvalidExpression */
  static parse(path: string, text: string, vocabulary: Vocabulary): Expression {
    const parsed = read(text);
    new Check(text, vocabulary).all(parsed);
    return new Expression(path, text, new Value(parsed, liquid), vocabulary, testsTruth(parsed));
  }

  /** Its value. @throws Problem 422 `expression_failed` */
  evaluate(scope: object): unknown {
    return this.run(scope, false);
  }

  /**
   * Whether it holds; nothing, false and '' do not. An expression that only asks whether variables are there (`data.vip`,
   * `not data.trial and data.paid`) takes a missing one as false. @throws Problem 422 `expression_failed`
   */
  holds(scope: object): boolean {
    const value = this.run(scope, this.testsTruth);
    return value !== false && value !== '' && value !== null && value !== undefined;
  }

  /** What to throw when its value is of no use. @param reason with the cure */
  failed(reason: string): Problem {
    return Problem.unprocessable('expression_failed', 'An expression of the catalog failed', [
      { path: this.path, message: `${this.text}: ${reason}` },
    ]);
  }

  private run(scope: object, lenient: boolean): unknown {
    const context = new Context(scope, liquid.options, { sync: true }, { liquid });
    try {
      return toValue(run(this.value.value(context, lenient), performance.now() + longestMs));
    } catch (error) {
      throw this.failed(this.reasonOf(error as LiquidFailure));
    }
  }

  private reasonOf({ message, originalError = {} }: LiquidFailure): string {
    const { variableName: name } = originalError;
    if (name === undefined) return originalError.message ?? message;
    if (!Object.hasOwn(this.vocabulary, name.split('.')[0]!)) return `one of the items has no "${name}"`;
    return `there is no ${name}; where it may be missing, write (${name} | default: "")`;
  }
}

interface LiquidFailure {
  message: string;
  originalError?: { message?: string; variableName?: string };
}

/** LiquidJS evaluates in steps that yield each other, which is where one that takes too long can be stopped. */
function run(steps: Steps, deadline: number): unknown {
  let state = steps.next();
  for (;;) {
    if (performance.now() > deadline) throw new Error('takes too long');
    let { value } = state;
    let failure: { error: unknown } | undefined;
    try {
      if (isSteps(value)) value = run(value, deadline);
    } catch (error) {
      failure = { error };
    }
    if (state.done && failure) throw failure.error;
    if (state.done) return value;
    state = failure ? steps.throw(failure.error) : steps.next(value);
  }
}

type Steps = Generator<unknown, unknown, unknown>;

function isSteps(value: unknown): value is Steps {
  const steps = value as Partial<Steps> | null | undefined;
  return [steps?.next, steps?.throw, steps?.return].every((method) => typeof method === 'function');
}

function read(text: string): FilteredValue {
  if (text.trimStart().startsWith('{{')) throw new InvalidExpression('must stand without {{ and }}');
  const tokenizer = tokenizerOf(text);
  try {
    // Liquid itself stops reading where it understands no further, and takes what it has.
    const operands = tokenizer.readExpression();
    tokenizer.skipBlank();
    if (!tokenizer.end() && tokenizer.peek() !== '|') {
      throw mistake(
        `${JSON.stringify(tokenizer.remaining().slice(0, 20))} is not understood; compare with ==, !=, <, >, <=, >=, contains, and join with and, or, not`,
        tokenizer.p,
      );
    }
    if (!operands.valid()) throw mistake('must begin with a value such as data.amount', 0);
    tokenizer.readFilters();
    tokenizer.skipBlank();
    if (!tokenizer.end()) throw mistake(`${JSON.stringify(tokenizer.peek())} is unexpected`, tokenizer.p);
    return tokenizerOf(text).readFilteredValue();
  } catch (error) {
    if (error instanceof InvalidExpression) throw error;
    const { message, token } = error as Error & { token?: Token };
    throw mistake(message.replace(/, (file:.*, )?line:\d+, col:\d+$/s, ''), token?.begin ?? tokenizer.p);
  }
}

function tokenizerOf(text: string): Tokenizer {
  return new Tokenizer(text, liquid.options.operators, undefined, undefined, true);
}

function mistake(what: string, at: number): InvalidExpression {
  return new InvalidExpression(`${what} (at character ${at + 1})`);
}

/** Finds what Liquid would only notice, or pass over, when the expression is evaluated. */
class Check {
  constructor(
    private readonly text: string,
    private readonly vocabulary: Vocabulary,
  ) {}

  all({ initial, filters }: FilteredValue): void {
    this.operands(initial);
    for (const filter of filters) this.filter(filter);
    if (this.text.trimEnd().endsWith('|')) throw mistake('lacks a filter after "|"', this.text.trimEnd().length - 1);
  }

  /** Liquid evaluates `data.a ==` and `data.a data.b` without complaint. */
  private operands({ postfix }: Operands): void {
    let values = 0;
    for (const token of postfix) {
      if (isOperatorToken(token)) {
        const needs = token.operator === 'not' ? 1 : 2;
        if (values < needs) throw mistake(`"${token.operator}" lacks a value`, token.begin);
        values -= needs - 1;
      } else {
        values += 1;
        this.value(token);
      }
    }
    if (values > 1) throw mistake('two values follow each other with nothing between them', postfix.at(-1)!.begin);
  }

  private value(token: Token): void {
    if (isQuotedToken(token)) {
      if (!/^(["'])(?:\\.|(?!\1)[^\\])*\1$/s.test(token.getText())) throw mistake('a quote is not closed', token.begin);
    } else if (isRangeToken(token)) {
      this.value(token.lhs);
      this.value(token.rhs);
    } else if (isFilteredValueToken(token)) {
      this.operands(token.initial);
      for (const filter of token.filters) this.filter(filter);
    } else if (isPropertyAccessToken(token)) {
      if (token.getText().endsWith('.')) throw mistake('lacks a name after "."', token.end - 1);
      for (const prop of token.props) this.value(prop);
      if (token.variable) this.value(token.variable);
      else this.variable(token, token.props);
    }
  }

  private variable(token: Token, [first, second]: readonly Token[]): void {
    const name = nameOf(first);
    if (name === undefined || !Object.hasOwn(this.vocabulary, name)) {
      throw mistake(
        `there is no ${name ?? token.getText()} here; there are ${Object.keys(this.vocabulary).join(', ')}`,
        token.begin,
      );
    }
    const members = this.vocabulary[name]!;
    const member = nameOf(second);
    if (member !== undefined && members !== 'anything' && !members.includes(member)) {
      throw mistake(`${name} has no ${member}, only ${members.join(', ')}`, second!.begin);
    }
  }

  private filter({ name, args, begin }: FilterCall): void {
    if (!Object.hasOwn(liquid.filters, name)) throw mistake(`there is no filter "${name}"`, begin);
    const values = args.map((arg) => (Array.isArray(arg) ? arg[1] : arg));
    for (const value of values) if (value) this.value(value);
    if (name.endsWith('_exp')) this.innerExpression(name, values, begin);
  }

  /** `where_exp: "student", "student.age < 18"` */
  private innerExpression(filter: string, [item, inner]: readonly (Token | undefined)[], at: number): void {
    if (!item || !isQuotedToken(item) || !inner || !isQuotedToken(inner)) {
      throw mistake(`${filter} needs the name of an item and an expression, both in quotes`, at);
    }
    const text = inner.content;
    try {
      new Check(text, { ...this.vocabulary, [item.content]: 'anything' }).all(read(text));
    } catch (error) {
      throw mistake(`in ${inner.getText()}: ${(error as Error).message}`, inner.begin);
    }
  }
}

function nameOf(token: Token | undefined): string | undefined {
  if (token === undefined) return undefined;
  return isWordToken(token) || isQuotedToken(token) ? token.content : undefined;
}

/** Whether nothing is compared and nothing computed: then a missing variable is an answer, not a mistake. */
function testsTruth({ initial, filters }: FilteredValue): boolean {
  return (
    filters.length === 0 &&
    initial.postfix.every((token) => {
      if (isOperatorToken(token)) return ['and', 'or', 'not'].includes(token.operator);
      if (isFilteredValueToken(token)) return testsTruth(token);
      return isPropertyAccessToken(token) && token.variable === undefined;
    })
  );
}
