import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

type Json = Record<string, any>;
type Validate = ReturnType<Ajv2020['compile']>;

/** An answer as it came. */
export interface Given {
  status: number;
  headers: Headers;
  text: string;
}

/** Headers that mean the same on every route of every server, or are part of how the answer travels. */
const general =
  /^(access-control-|cache-control|connection|content-(encoding|length|security-policy|type)|cross-origin-|date|keep-alive|permissions-policy|ratelimit(-policy)?|referrer-policy|strict-transport-security|transfer-encoding|vary|x-(content-type-options|frame-options|permitted-cross-domain-policies|robots-tag)|origin-agent-cluster)/;

/** What is answered to a path that there is not, whose body is read all the same. */
const nowhere = [400, 404, 413, 414, 415];
const anyProblem = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };

/** Holds answers against the OpenAPI document of the gateway that has given them. */
export class Conformance {
  private readonly operations: { method: string; path: string; pattern: RegExp; operation: Json }[];
  private readonly validator = new Ajv2020({ strict: false });
  private readonly compiled = new Map<string, Validate>();

  constructor(document: Json) {
    formats.default(this.validator);
    this.validator.addSchema({ $id: 'document', components: document.components });
    this.operations = Object.entries(document.paths as Json)
      .sort(([one], [other]) => (literalFirst(one) < literalFirst(other) ? -1 : 1))
      .flatMap(([path, methods]) =>
        Object.entries(methods as Json).map(([method, operation]) => ({
          method: method.toUpperCase(),
          path,
          pattern: patternOf(path),
          operation: operation as Json,
        })),
      );
  }

  /** The document of a gateway. @param url of the gateway */
  static async of(url: string): Promise<Conformance> {
    return new Conformance((await (await fetch(`${url}/openapi.json`)).json()) as Json);
  }

  /**
   * What of an answer the document does not say, a line each; empty if it is all as documented: the status, the kind and shape of the
   * body, the code of a problem, the headers.
   * @param url absolute; as `fetch` understands it, which resolves `..`
   */
  mistakes(method: string, url: string, { status, headers, text }: Given): string[] {
    const { pathname } = new URL(url);
    const found = this.operations.find((one) => one.method === method.toUpperCase() && one.pattern.test(pathname));
    if (!found)
      return nowhere.includes(status)
        ? this.bodyMistakes('nowhere', anyProblem, headers.get('content-type'), text)
        : [`${status} of a route that the document does not have`];
    const documented = found.operation.responses[status] as Json | undefined;
    if (!documented) return [`${status} is not documented: ${text.slice(0, 200)}`];
    const name = `${method} ${found.path} ${status}`;
    return [
      ...this.bodyMistakes(name, documented.content as Json | undefined, headers.get('content-type'), text),
      ...this.headerMistakes(name, (documented.headers ?? {}) as Json, headers),
    ];
  }

  private bodyMistakes(name: string, content: Json | undefined, contentType: string | null, text: string): string[] {
    if (!content) return text === '' ? [] : [`a body is not documented: ${text.slice(0, 200)}`];
    const media = contentType?.replace(/\s*;.*/s, '') ?? 'no content-type';
    const documented = content[media] as Json | undefined;
    if (!documented) return [`${media} is not documented, only ${Object.keys(content).join(', ')}`];
    const bodies = /\bndjson$/.test(media)
      ? text.split('\n').filter(Boolean).map(parse)
      : [/\bjson$/.test(media) ? parse(text) : text];
    const validate = this.validating(`${name} ${media}`, documented.schema as Json);
    return bodies.flatMap((body) => {
      if (!validate(body))
        return (validate.errors ?? []).map(
          (error) => `${error.instancePath}: ${error.message} in ${text.slice(0, 300)}`,
        );
      const code = media === 'application/problem+json' ? (body as { code: string }).code : undefined;
      return code === undefined || !documented.examples || code in documented.examples
        ? []
        : [`the code ${code} is not documented`];
    });
  }

  private headerMistakes(name: string, documented: Json, headers: Headers): string[] {
    const undocumented = [...headers.keys()].filter((header) => !general.test(header) && !(header in documented));
    return [
      ...undocumented.map((header) => `the header ${header} is not documented`),
      ...Object.entries<Json>(documented).flatMap(([header, { required, schema }]) => {
        const value = headers.get(header);
        if (value === null) return required ? [`the header ${header} is missing`] : [];
        const validate = this.validating(`${name} ${header}`, schema as Json);
        return validate(schema.type === 'integer' ? Number(value) : value) ? [] : [`the header ${header} is ${value}`];
      }),
    ];
  }

  private validating(name: string, schema: Json): Validate {
    const known = this.compiled.get(name);
    if (known) return known;
    const text = JSON.stringify(schema).replaceAll('"#/components', '"document#/components');
    const validate = this.validator.compile(JSON.parse(text) as Json);
    this.compiled.set(name, validate);
    return validate;
  }
}

/** What is no JSON is told of as what it is: a text. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The router prefers names to parameters, segment by segment. */
function literalFirst(path: string): string {
  return path.replaceAll(/\{\w+\}/g, '\uffff');
}

/** Of `/v1/events/{id}`. A file may lie in a folder, but no name is empty. */
function patternOf(path: string): RegExp {
  const escaped = path
    .replaceAll('.', '\\.')
    .replaceAll('{file}', '.*')
    .replaceAll(/\{\w+\}/g, '[^/]+');
  return new RegExp(`^${escaped}$`, 's');
}
