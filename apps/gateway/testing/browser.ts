/** A browser as far as the console needs one: it keeps cookies and sends them where they belong. */
export class Browser {
  private readonly jars = new Map<string, Map<string, string>>();
  /** Attributes of the cookies that were set last, by their names. */
  readonly attributes = new Map<string, string>();
  csrf?: string;

  constructor(readonly base: string) {}

  /** The value of a cookie. */
  cookie(name: string, origin = this.base): string | undefined {
    return this.jars.get(new URL(origin).origin)?.get(name);
  }

  /** Another browser that has stolen the cookies of this one. */
  twin(): Browser {
    const twin = new Browser(this.base);
    for (const [origin, jar] of this.jars) twin.jars.set(origin, new Map(jar));
    twin.csrf = this.csrf;
    return twin;
  }

  /** One request, no redirects followed; cookies are kept. */
  async request(
    method: string,
    url: string,
    { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
  ) {
    const address = new URL(url, this.base);
    const jar = this.jars.get(address.origin) ?? new Map<string, string>();
    this.jars.set(address.origin, jar);
    const isForm = body instanceof URLSearchParams;
    const response = await fetch(address, {
      method,
      redirect: 'manual',
      headers: {
        ...(jar.size > 0 && { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') }),
        ...(body !== undefined && !isForm && { 'content-type': 'application/json' }),
        ...(this.csrf !== undefined && { 'x-csrf-token': this.csrf }),
        ...headers,
      },
      body: body === undefined ? undefined : isForm ? body : JSON.stringify(body),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value, rest] = /^([^=]+)=([^;]*)(.*)$/.exec(cookie)!;
      this.attributes.set(name!, rest!.replace(/^; /, ''));
      if (value === '' || /max-age=0(;|$)/i.test(rest!)) jar.delete(name!);
      else jar.set(name!, value!);
    }
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json');
    return {
      status: response.status,
      headers: response.headers,
      location: response.headers.get('location'),
      text,
      json: isJson ? JSON.parse(text) : undefined,
    };
  }

  /** A request to the gateway that answers with a session, whose CSRF token is used from then on. */
  async enter(method: string, path: string, body?: unknown) {
    const answer = await this.request(method, path, { body });
    if (answer.json?.csrf_token) this.csrf = answer.json.csrf_token;
    return answer;
  }

  /** Accepts the invitation of a link and is signed in. */
  accept(link: string, password: string, name?: string) {
    return this.enter('POST', '/v1/admin/session/invitation', {
      token: link.split('/').at(-1),
      password,
      ...(name && { name }),
    });
  }

  signIn(email: string, password: string, tenant = 'default') {
    return this.enter('POST', '/v1/admin/session', { tenant, email, password });
  }
}
