/**
 * The SMTP server of both sides: says yes to everything as fast as it can, keeps nothing, counts. Not a mail server;
 * only as much of RFC 5321 as a well-behaved client needs.
 */
import { createServer, type Socket } from 'node:net';
import type { SinkQuestion, SinkAnswer } from './counts.ts';

let accepted = 0;
let messageIds = new Set<string>();

process.on('disconnect', () => process.exit());
process.on('message', (question: SinkQuestion) => {
  if (question === 'reset') {
    accepted = 0;
    messageIds = new Set();
  }
  answer({ accepted, distinct: messageIds.size });
});

const server = createServer({ noDelay: true }, serve);
server.listen(0, '127.0.0.1', () => answer({ port: (server.address() as { port: number }).port }));

function serve(socket: Socket): void {
  let pending = '';
  let inData = false;
  // Bytes as characters: mail is counted, not read.
  socket.setEncoding('latin1');
  socket.on('error', () => socket.destroy());
  socket.write('220 bench sink\r\n');
  socket.on('data', (chunk: string) => {
    pending += chunk;
    let replies = '';
    for (;;) {
      const terminator = inData ? '\r\n.\r\n' : '\r\n';
      const end = pending.indexOf(terminator);
      if (end < 0) break;
      const text = pending.slice(0, end);
      pending = pending.slice(end + terminator.length);
      if (inData) {
        inData = false;
        accepted += 1;
        messageIds.add(/^Message-ID:\s*(\S+)/im.exec(text)?.[1] ?? '');
        replies += '250 2.0.0 accepted\r\n';
      } else {
        const verb = text.slice(0, 4).toUpperCase();
        inData = verb === 'DATA';
        replies += reply(verb);
      }
    }
    if (replies) socket.write(replies);
  });
}

function reply(verb: string): string {
  switch (verb) {
    case 'EHLO':
      return '250-bench sink\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n';
    case 'DATA':
      return '354 go on\r\n';
    case 'QUIT':
      return '221 2.0.0 bye\r\n';
    default:
      return '250 2.0.0 ok\r\n';
  }
}

function answer(message: SinkAnswer): void {
  process.send?.(message);
}
