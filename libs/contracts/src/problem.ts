/** Errors as RFC 9457 problem details: a stable `code`, an HTTP status, and for bad input the fields and the cure. */

export interface FieldError {
  /** Where in the input, in dots and brackets: `recipients[0]`, `data.amount`. */
  path: string;
  /** What is wrong and how to mend it. */
  message: string;
  /** Where in a document that was sent as text, counted from 1. */
  line?: number;
  column?: number;
}

export interface ProblemDetails {
  /** HTTP status code */
  status: number;
  /** Stable, machine-readable: `unknown_type`, `invalid_body`, … */
  code: string;
  title: string;
  detail?: string;
  errors?: FieldError[];
  /** Seconds after which trying again makes sense. */
  retry_after?: number;
}

/** An expected failure with an answer for whoever asked. Crosses RPC unchanged. */
export class Problem extends Error implements ProblemDetails {
  override readonly name = 'Problem';
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail?: string;
  readonly errors?: FieldError[];
  readonly retry_after?: number;

  constructor(details: ProblemDetails) {
    const fields = details.errors?.map((error) => `${error.path}: ${error.message}`).join('; ');
    super([details.title, details.detail, fields].filter(Boolean).join(': '));
    this.status = details.status;
    this.code = details.code;
    this.title = details.title;
    this.detail = details.detail;
    this.errors = details.errors;
    this.retry_after = details.retry_after;
  }

  /** The wire form: only the members that are set. */
  toJSON(): ProblemDetails {
    const { status, code, title, detail, errors, retry_after } = this;
    return {
      status,
      code,
      title,
      ...(detail !== undefined && { detail }),
      ...(errors !== undefined && { errors }),
      ...(retry_after !== undefined && { retry_after }),
    };
  }

  /** 422: well formed, but it cannot be acted upon; each error names the field and the cure. */
  static unprocessable(code: string, title: string, errors: FieldError[]): Problem {
    return new Problem({ status: 422, code, title, errors });
  }

  /** 404, also the answer to another tenant's id. */
  static notFound(what: string, id: string): Problem {
    return new Problem({
      status: 404,
      code: 'not_found',
      title: `${what} not found`,
      detail: `No ${what} has the id ${id}.`,
    });
  }

  /** 503: something Carillon needs is away; nothing was accepted. */
  static unavailable(detail: string, retryAfterSeconds = 5): Problem {
    return new Problem({
      status: 503,
      code: 'unavailable',
      title: 'Service unavailable',
      detail,
      retry_after: retryAfterSeconds,
    });
  }
}
