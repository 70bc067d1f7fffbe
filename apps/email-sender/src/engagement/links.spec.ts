import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { linksOf, withTracking } from './links.ts';

const by = { opens: 'https://n.example/o/T.gif', clicks: 'https://n.example/c/T' };
const escaped = (text: string) =>
  text.replace(
    /[&<>"']/g,
    (letter) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[letter]!,
  );

describe('the links of an email', () => {
  it('are those to pages, as a browser would follow them', () => {
    const html = `<html><body><a href="https://a.example/?x=1&amp;y=&#39;2&#39;">A</a> <a class="b" HREF = 'http://b.example'>B</a>
      <a href="mailto:x@a.example">C</a> <a name="d">D</a> <a data-href="https://no.example" href="/e">E</a>
      <a href="https://c.example/ü" style="x">F</a></body></html>`;
    expect(linksOf(html)).toEqual(["https://a.example/?x=1&y='2'", 'http://b.example', 'https://c.example/ü']);
  });

  it('are counted under the same number under which they are found again', () => {
    fc.assert(
      fc.property(fc.array(fc.webUrl({ withQueryParameters: true }), { maxLength: 8 }), (urls) => {
        const html = `<body>${urls.map((url) => `<p>x</p><a href="${escaped(url)}">y</a>`).join('')}</body>`;
        expect(linksOf(html)).toEqual(urls);
        const numbers = linksOf(withTracking(html, by));
        expect(numbers).toEqual(urls.map((_, number) => `https://n.example/c/T.${number}`));
      }),
    );
  });

  it('lead where they did before when clicks are not counted', () => {
    const html = '<body><a href="https://a.example">A</a></body>';
    expect(withTracking(html, {})).toBe(html);
    expect(withTracking(html, { opens: by.opens })).toBe(
      `<body><a href="https://a.example">A</a><img src="${by.opens}" width="1" height="1" alt="" style="display:block;width:1px;height:1px;border:0"></body>`,
    );
  });

  it('leave the one that unsubscribes alone, and keep the numbers of the others', () => {
    const html =
      '<a href="https://a.example">A</a><a href="https://n.example/u/x">U</a><a href="https://b.example">B</a>';
    expect(withTracking(html, { clicks: by.clicks }, 'https://n.example/u/x')).toBe(
      '<a href="https://n.example/c/T.0">A</a><a href="https://n.example/u/x">U</a><a href="https://n.example/c/T.2">B</a>',
    );
  });

  it('are found in the time that the length of the HTML takes, whatever it looks like', () => {
    // The square of these lengths would take minutes.
    for (const html of ['<a '.repeat(1_000_000), '<a href="'.repeat(500_000), `<a ${'\thref'.repeat(500_000)}>`])
      expect(withTracking(html, { clicks: by.clicks })).toBe(html);
  });
});
