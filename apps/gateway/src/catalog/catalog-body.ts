import { Problem } from '@carillon/contracts';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import type { CatalogText } from './text/reading.ts';

/** YAML by RFC 9512, and by the names that were used before it. */
const yamlTypes = ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml'];

/** The routes whose body is a document. */
const catalogRoutes = new Set(['/v1/admin/catalog']);

/** Keeps what is sent as a catalog document as text, so that errors can name its lines. Every other route goes on refusing YAML. */
export function takeCatalogDocuments(app: NestFastifyApplication): void {
  const http = app.getHttpAdapter().getInstance();
  const limit = { bodyLimit: http.initialConfig.bodyLimit };
  const asJson = http.getDefaultJsonParser('error', 'error');
  app.useBodyParser('application/json', limit, (request: FastifyRequest, body: Buffer, done) => {
    if (isForCatalog(request)) done(null, new SentText('json', body.toString()));
    else void asJson(request, body.toString(), done);
  });
  for (const type of yamlTypes)
    app.useBodyParser(type, limit, (request: FastifyRequest, body: Buffer, done) => {
      if (isForCatalog(request)) done(null, new SentText('yaml', body.toString()));
      else done(Object.assign(new Error(`Unsupported Media Type: ${type}`), { statusCode: 415 }));
    });
}

/** Whether the first of the forms that an `Accept` header names is YAML. */
export function acceptsYaml(accept = ''): boolean {
  const [form] = /(application|text)\/((x-)?yaml|json)/.exec(accept.toLowerCase()) ?? [];
  return form?.endsWith('yaml') ?? false;
}

/** A body that was kept as text. */
class SentText implements CatalogText {
  constructor(
    readonly format: CatalogText['format'],
    readonly text: string,
  ) {}
}

/** For `@Body(catalogText)`. */
export const catalogText = {
  transform(body: unknown): CatalogText {
    if (body instanceof SentText) return body;
    const isMissing = body === undefined;
    throw new Problem({
      status: isMissing ? 400 : 415,
      code: isMissing ? 'invalid_body' : 'unsupported_media_type',
      title: isMissing ? 'The body is missing' : 'The document is neither YAML nor JSON',
      detail: 'Send the document with content-type application/yaml or application/json.',
    });
  },
};

function isForCatalog({ routeOptions }: FastifyRequest): boolean {
  return catalogRoutes.has(routeOptions.url ?? '');
}
