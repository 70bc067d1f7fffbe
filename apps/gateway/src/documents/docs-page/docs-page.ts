import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Site } from '../site/site.ts';

/** Swagger UI sets styles on its elements and draws its icons from data URLs; all else is the page's own. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const html = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Carillon API</title>
    <link rel="icon" href="docs/favicon-32x32.png" />
    <link rel="stylesheet" href="docs/swagger-ui.css" />
    <link rel="stylesheet" href="docs/page.css" />
    <script src="docs/swagger-ui-bundle.js" defer></script>
    <script src="docs/page.js" defer></script>
  </head>
  <body>
    <header>
      <strong>Carillon API</strong>
      <nav aria-label="Documents">
        <a href="openapi.json">OpenAPI</a>
        <a href="asyncapi.json">AsyncAPI (RabbitMQ)</a>
        <a href="admin">Admin console</a>
      </nav>
    </header>
    <main id="documentation"><noscript>This page needs JavaScript; read openapi.json without it.</noscript></main>
  </body>
</html>
`;

const style = `body { margin: 0; }
body > header {
  display: flex; flex-wrap: wrap; gap: 0.5rem 2rem; align-items: baseline; padding: 0.9rem 1.25rem;
  background: #1f2444; color: #fff; font: 16px/1.4 system-ui, sans-serif;
}
body > header strong { font-size: 1.1rem; }
body > header nav { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; }
body > header a { color: #cdd3ff; }
body > header a:focus-visible { outline: 2px solid #fff; outline-offset: 2px; }
.swagger-ui .info { margin: 2rem 0 1rem; }
`;

const script = `SwaggerUIBundle({
  url: 'openapi.json',
  domNode: document.getElementById('documentation'),
  deepLinking: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  docExpansion: 'list',
  filter: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null,
});
`;

/** Swagger UI over /openapi.json, from this server alone. */
@Injectable()
export class DocsPage extends Site implements OnModuleInit {
  constructor() {
    super({ 'content-security-policy': contentSecurityPolicy });
  }

  async onModuleInit(): Promise<void> {
    const swaggerUi = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
    await this.add('index.html', html);
    await this.add('page.css', style);
    await this.add('page.js', script);
    for (const file of ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'])
      await this.read(file, join(swaggerUi, file));
  }
}
