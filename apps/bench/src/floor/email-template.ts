import type { DomainData } from './messages.ts';

export function html(data: DomainData, name: string | null): string {
  return `<html><body><p>Hello ${escape(name ?? '')},</p><h1>${escape(data.title)}</h1><p>${escape(data.message)}</p></body></html>`;
}

export function text(data: DomainData, name: string | null): string {
  return `Hello ${name ?? ''},\n\n${data.title}\n\n${data.message}\n`;
}

function escape(words: string): string {
  return words.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
