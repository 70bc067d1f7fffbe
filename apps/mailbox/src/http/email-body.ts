/**
 * Headers for the HTML of an email, which is hostile: no scripts, no forms, nothing loaded from elsewhere. Remote images
 * are an exception on request, because loading one can report an open.
 */
export function emailBodySecurity(remoteImages: boolean): Record<string, string> {
  const policy = [
    'sandbox allow-popups allow-popups-to-escape-sandbox',
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    `img-src data:${remoteImages ? ' http: https:' : ''}`,
    'font-src data:',
    "form-action 'none'",
    "frame-ancestors 'self'",
  ];
  return {
    'content-security-policy': policy.join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
  };
}

/** Links open in a new tab instead of inside the frame. The doctype stays first, else browsers render in quirks mode. */
export function emailDocument(html: string): string {
  const base = '<base target="_blank">';
  const head = /<head(?:\s[^>]*)?>/i.exec(html) ?? /^\s*<!doctype[^>]*>/i.exec(html);
  const position = head ? head.index + head[0].length : 0;
  return html.slice(0, position) + base + html.slice(position);
}
