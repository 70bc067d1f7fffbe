import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';

const folder = import.meta.dirname;
const scripts = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'));

it('nothing that came from outside becomes markup, but in the sandboxed frame of a message', () => {
  const writers = scripts.filter((name) =>
    /innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|\beval\b|new Function/.test(
      readFileSync(join(folder, name), 'utf8'),
    ),
  );
  expect(writers).toEqual([join('parts', 'message-preview.js')]);
});

it('an API key is kept in this tab only', () => {
  const keepers = scripts.filter((name) => readFileSync(join(folder, name), 'utf8').includes('sessionStorage'));
  expect(keepers).toEqual(['session.js']);
});
