import { h } from '../dom.js';

/** The frame is never higher than this; longer messages scroll within it. */
const highestPx = 640;

/**
 * The content of a delivery as its recipient sees it. HTML is shown in a sandboxed document with a policy of its own
 * (`preview.html`): scripts, forms, links and pictures from elsewhere are dead in it.
 *
 * @param {Record<string, unknown>} content subject, html and text of an email, text of an SMS
 */
export function messagePreview({ subject, html, text }) {
  const plain = typeof text === 'string' ? text : '';
  return h(
    'div',
    { class: 'preview' },
    typeof subject === 'string' && h('p', { class: 'subject' }, h('span', {}, 'Subject '), subject),
    typeof html === 'string' && frameOf(html),
    typeof html === 'string'
      ? h('details', {}, h('summary', {}, 'Plain text'), h('pre', {}, plain))
      : h('p', { class: 'bubble' }, plain),
  );
}

/** @param {string} html */
function frameOf(html) {
  const frame = h('iframe', { title: 'The message', sandbox: 'allow-same-origin', src: 'admin/preview.html' });
  frame.addEventListener('load', () => {
    const page = frame.contentDocument;
    // A link that was clicked leads nowhere, but the frame may have been emptied by it.
    if (!page || page.documentElement.dataset.filled) return;
    page.documentElement.innerHTML = html;
    page.documentElement.dataset.filled = 'yes';
    frame.style.height = `${Math.min(page.documentElement.scrollHeight + 2, highestPx)}px`;
  });
  return frame;
}
