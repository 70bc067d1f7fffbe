import { startTestService, testBroker, testDatabase, unique, type TestService } from '@carillon/testing';
import { service as preferences } from '../../preferences/src/service.ts';
import { service as renderer } from '../../template-renderer/src/service.ts';
import { ApiKeys } from '../src/access/api-keys.ts';
import { service as gateway } from '../src/service.ts';

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  json: any;
}

/** The catalog over HTTP: the gateway with the two services that have a say in it, on a real database and broker. */
export class CatalogUnderTest {
  private constructor(
    readonly gateway: TestService,
    readonly preferences: TestService,
    private readonly renderer: TestService,
    private readonly remove: () => Promise<void>,
  ) {}

  static async start(): Promise<CatalogUnderTest> {
    const services = [gateway, preferences, renderer];
    const database = await testDatabase(Object.fromEntries(services.map(({ name, migrations }) => [name, migrations])));
    const broker = await testBroker();
    const shared = { database, broker };
    const remove = async () => {
      await broker.close();
      await database.drop();
    };
    try {
      return new CatalogUnderTest(
        await startTestService(gateway, {}, shared),
        await startTestService(preferences, {}, shared),
        await startTestService(renderer, {}, shared),
        remove,
      );
    } catch (error) {
      await remove();
      throw error;
    }
  }

  get url(): string {
    return this.gateway.running.url;
  }

  /** A tenant of its own, with an API key that may do everything there. */
  async tenant(keyName = 'ci'): Promise<CatalogOfTenant> {
    const tenant = `t${unique()}`.toLowerCase();
    const key = await this.gateway.running.app.get(ApiKeys).create(tenant, keyName, ['admin']);
    return new CatalogOfTenant(this.url, tenant, key);
  }

  /** What it is asked waits for it from now on. */
  stopRenderer(): Promise<void> {
    return this.renderer.running.close();
  }

  /** Makes the installation one where the renderer was never started. */
  async removeRenderer(): Promise<void> {
    await this.stopRenderer();
    const { channel, names } = this.gateway.broker;
    await channel.deleteQueue(names.rpcQueue('template-renderer'));
  }

  async close(): Promise<void> {
    await Promise.all([this.gateway, this.preferences, this.renderer].map((service) => service.close()));
    await this.remove();
  }
}

export class CatalogOfTenant {
  constructor(
    private readonly url: string,
    readonly tenant: string,
    readonly key: string,
  ) {}

  /** @param path below `/v1/admin`, or the whole of it */
  async call(
    method: string,
    path: string,
    body?: string | object,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(this.url + (path.startsWith('/v1/') ? path : `/v1/admin${path}`), {
      method,
      headers: {
        authorization: `Bearer ${this.key}`,
        ...(body !== undefined && {
          'content-type': typeof body === 'string' ? 'application/yaml' : 'application/json',
        }),
        ...headers,
      },
      body: typeof body === 'object' ? JSON.stringify(body) : body,
    });
    const text = await response.text();
    const isJson = (response.headers.get('content-type') ?? '').includes('json');
    return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
  }

  /** Applies a YAML document. */
  put(yaml: string, query = '', headers: Record<string, string> = {}): Promise<Answer> {
    return this.call('PUT', `/catalog${query}`, yaml, headers);
  }
}
