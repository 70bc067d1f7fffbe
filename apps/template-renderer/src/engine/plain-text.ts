import { compile } from 'html-to-text';

/**
 * The plain text that says the same as an email's HTML. While an email is compiled, tokens stand for its Liquid; they pass
 * through untouched. A link is written `words <address>`; a table row `label: value`. The hidden preheader and the brand header, which
 * say nothing new, are left out.
 */
export const plainTextOf: (html: string) => string = compile({
  wordwrap: false,
  selectors: [
    { selector: 'div[style*="display:none"]', format: 'skip' },
    { selector: '.brand', format: 'skip' },
    { selector: 'img', format: 'skip' },
    { selector: 'a', options: { linkBrackets: ['<', '>'], hideLinkHrefIfSameAsText: true } },
    ...['h1', 'h2', 'h3'].map((selector) => ({ selector, options: { uppercase: false } })),
    { selector: 'tr', format: 'block', options: { leadingLineBreaks: 2, trailingLineBreaks: 2 } },
    { selector: '.details > table > tr', format: 'block', options: { leadingLineBreaks: 1, trailingLineBreaks: 1 } },
    { selector: 'a[href^="tel:"]', format: 'anchor', options: { ignoreHref: true } },
    { selector: '.figure > div > small', format: 'inlineSurround', options: { prefix: '', suffix: ': ' } },
    { selector: 'th', format: 'inlineSurround', options: { prefix: '', suffix: ': ' } },
  ],
});
