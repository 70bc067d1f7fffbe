import { createHash } from 'node:crypto';

/** A small page for people who come from an email. */
export interface Page {
  /** BCP 47 */
  readonly lang: string;
  /** Whose page it is; null where nobody knows. */
  readonly sender: string | null;
  readonly heading: string;
  readonly text: string;
  /** Below the buttons. */
  readonly note?: string;
  /** The first is what most people come for. Each posts its `action` to the page's own address. */
  readonly buttons?: readonly { readonly label: string; readonly action: string }[];
  /** Whether the heading tells of something that has just been done, which a screen reader says at once. */
  readonly done?: boolean;
}

const style = `
:root { color-scheme: light dark; --ground: #f4f4f5; --card: #fff; --ink: #27272a; --soft: #5f5f68; --line: #d4d4d8;
  --strong: #2457d6; --on-strong: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #111113; --card: #1c1c1f; --ink: #ececef; --soft: #a5a5ad; --line: #3a3a40;
    --strong: #8fb0ff; --on-strong: #10162b; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; background: var(--ground); color: var(--ink);
  font: 1rem/1.55 -apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif; }
main { max-width: 34rem; margin: 0 auto; padding: 3rem 1rem; }
.sender { margin: 0 0 1rem; padding: 0 0.25rem; font-weight: 700; font-size: 1.125rem; overflow-wrap: anywhere; }
.card { background: var(--card); border-radius: 12px; padding: 1.75rem 1.5rem; }
h1 { margin: 0 0 0.5rem; font-size: 1.5rem; line-height: 1.25; }
p { margin: 0; overflow-wrap: anywhere; }
form { display: grid; gap: 0.75rem; margin-top: 1.5rem; }
button { font: inherit; font-weight: 600; min-height: 2.875rem; padding: 0.625rem 1.25rem; border-radius: 8px; cursor: pointer;
  border: 1px solid var(--line); background: transparent; color: var(--ink); }
button:first-child { border-color: var(--strong); background: var(--strong); color: var(--on-strong); }
button:focus-visible { outline: 3px solid var(--strong); outline-offset: 3px; }
.note { margin-top: 1.25rem; font-size: 0.875rem; color: var(--soft); }
`;

/** Nothing but the page itself: no script, no picture, nothing from elsewhere, in nobody's frame. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'cache-control': 'no-store, private',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-robots-tag': 'noindex',
};

/** The page as HTML. All texts are escaped. */
export function htmlOf({ lang, sender, heading, text, note, buttons = [], done = false }: Page): string {
  const forms = buttons.map(
    ({ label, action }) => `<button name="action" value="${escaped(action)}">${escaped(label)}</button>`,
  );
  return `<!doctype html>
<html lang="${escaped(lang)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped([heading, sender].filter(Boolean).join(' – '))}</title>
<style>${style}</style>
</head>
<body>
<main>
${sender ? `<p class="sender">${escaped(sender)}</p>` : ''}
<div class="card">
<div${done ? ' role="status"' : ''}>
<h1>${escaped(heading)}</h1>
<p>${escaped(text)}</p>
</div>
${forms.length > 0 ? `<form method="post">\n${forms.join('\n')}\n</form>` : ''}
${note ? `<p class="note">${escaped(note)}</p>` : ''}
</div>
</main>
</body>
</html>
`;
}

const references: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => references[character]!);
}
